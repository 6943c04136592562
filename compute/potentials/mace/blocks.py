"""The same MACE, evaluated by species and by edge: exact rewritings of its three costly blocks.

A checkpoint multiplies with one-hot vectors of all its elements and contracts dense tables of coupling coefficients,
nearly all of which are zero. Here an atom picks the weights of its own element, and only the coefficients that are
not zero are multiplied. Nothing is approximated: results differ from those of the plain model by rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# Bytes of edge products at a time: what a processor's own cache holds, and what a GPU is kept busy with.
_TILE = {True: 2**21, False: 2**29}


def rewritten(model: nn.Module) -> nn.Module:
    """`model`, changed in place: every block of a known form rewritten, the others left as they are."""
    interactions: Any = model.interactions
    products: Any = model.products
    for interaction, product in zip(interactions, products, strict=True):
        if _is_skip(getattr(interaction, "skip_tp", None)):
            interaction.skip_tp = SkipBySpecies(interaction.skip_tp)
        if _is_convolution(interaction.conv_tp) and not hasattr(interaction, "conv_fusion"):
            interaction.conv_tp = Convolution(interaction.conv_tp)
            # MACE then hands over nodes and edges, and takes messages already summed per node.
            interaction.conv_fusion = True
        if _is_contraction(product.symmetric_contractions):
            product.symmetric_contractions = SparseContraction(product.symmetric_contractions)
    return model


class SkipBySpecies(nn.Module):
    """Σ_uv W_uvw x_u z_v for one-hot z (n, elements): a linear map per element, picked by each atom."""

    def __init__(self, product: Any):
        super().__init__()
        self.ins = [product.irreps_in1.slices()[i.i_in1] for i in product.instructions]
        self.dims = [product.irreps_out[i.i_out].ir.dim for i in product.instructions]
        self.width = product.irreps_out.dim
        self.outs = [product.irreps_out.slices()[i.i_out] for i in product.instructions]
        for index, instruction in enumerate(product.instructions):
            weight = product.weight_view_for_instruction(index).detach().double()
            # A coupling with a scalar is δ / √dim, which e3nn's path weight makes up for.
            scale = instruction.path_weight / self.dims[index] ** 0.5
            self.register_buffer(f"weight_{index}", (weight * scale).permute(1, 2, 0).contiguous())

    def forward(self, features: Tensor, attributes: Tensor) -> Tensor:
        species = attributes.argmax(dim=1)
        atoms = len(features)
        result = features.new_zeros(atoms, self.width)
        for index, (ins, outs, dim) in enumerate(zip(self.ins, self.outs, self.dims, strict=True)):
            x = features[:, ins].reshape(atoms, -1, dim)
            weight = getattr(self, f"weight_{index}")[species]
            result[:, outs] = result[:, outs] + torch.bmm(weight, x).reshape(atoms, -1)
        return result


class Convolution(nn.Module):
    """Messages Σ_j w_ju Σ_ab C_abc h_jua Y_jb (nodes, …), summed over the edges j that end in each node.

    The weighted product of an edge is many times larger than what goes in and comes out, so it is made for a few
    edges at a time, which stay in the cache, and made again for the gradient.
    """

    def __init__(self, product: Any):
        super().__init__()
        from e3nn import o3

        self.channels = product.irreps_in1[0].mul
        self.parts = [
            (part, ir.dim) for part, (_, ir) in zip(product.irreps_in1.slices(), product.irreps_in1, strict=True)
        ]
        self.paths: list[list[tuple[int, int, int]]] = []
        order: list[tuple[int, int, int, int]] = []
        for first, (_, ir) in enumerate(product.irreps_in1):
            tables, paths, width = [], [], 0
            for path, instruction in enumerate(product.instructions):
                if instruction.i_in1 != first:
                    continue
                second, out = product.irreps_in2[instruction.i_in2].ir, product.irreps_out[instruction.i_out].ir
                coupling = o3.wigner_3j(ir.l, second.l, out.l, dtype=torch.float64) * instruction.path_weight
                table = torch.zeros(product.irreps_in2.dim, out.dim, ir.dim, dtype=torch.float64)
                table[product.irreps_in2.slices()[instruction.i_in2]] = coupling.permute(1, 2, 0)
                order.append((instruction.i_out, first, width, out.dim))
                tables.append(table)
                paths.append((path, width, width + out.dim))
                width += out.dim
            self.paths.append(paths)
            self.register_buffer(f"table_{first}", torch.cat(tables, dim=1))
            path_of_column = [path for path, start, end in paths for _ in range(start, end)]
            self.register_buffer(f"columns_{first}", torch.tensor(path_of_column))
        self.order = [tuple(rest) for _, *rest in sorted(order)]

    @property
    def tables(self) -> list[Tensor]:
        """Per irrep of the sender: coefficients (components of Y, columns of the message, components of h)."""
        return [getattr(self, f"table_{index}") for index in range(len(self.parts))]

    @property
    def columns(self) -> list[Tensor]:
        """Per irrep of the sender: the path, and so the weight, that each column of the message belongs to."""
        return [getattr(self, f"columns_{index}") for index in range(len(self.parts))]

    def forward(self, features: Tensor, attributes: Tensor, weights: Tensor, edges: Tensor) -> Tensor:
        atoms = len(features)
        nodes = [features[:, p].reshape(atoms, self.channels, dim).transpose(1, 2) for p, dim in self.parts]
        weights = weights.view(len(weights), -1, self.channels)
        messages = _Messages.apply(  # type: ignore[no-untyped-call]  # torch's has no types
            torch.cat(nodes, dim=1), attributes, weights, edges, self
        )
        starts = np.cumsum([0, *(table.shape[1] for table in self.tables)])
        ranges = [(starts[block] + start, starts[block] + start + dim) for block, start, dim in self.order]
        return torch.cat([messages[:, a:b].transpose(1, 2).reshape(atoms, -1) for a, b in ranges], dim=1)


class _Messages(torch.autograd.Function):
    """The sum of `Convolution` with the channels last: nodes (N, components, u) to (N, columns, u)."""

    @staticmethod
    def forward(
        context: Any, nodes: Tensor, attributes: Tensor, weights: Tensor, edges: Tensor, of: Convolution
    ) -> Tensor:
        context.save_for_backward(nodes, attributes, weights, edges)
        context.of = of
        tables = of.tables
        out = nodes.new_zeros(len(nodes), sum(table.shape[1] for table in tables), of.channels)
        for part in _tiles(out, len(weights)):
            sender, receiver = edges[0, part], edges[1, part]
            near = nodes.index_select(0, sender)
            products = []
            near = near.split([table.shape[2] for table in tables], dim=1)
            for table, columns, x in zip(tables, of.columns, near, strict=True):
                product = _times(_geometry(attributes[part], table), x)
                products.append(product.mul_(weights[part].index_select(1, columns)))
            out.index_add_(0, receiver, torch.cat(products, dim=1))
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, by_out: Tensor) -> tuple[Tensor | None, ...]:
        nodes, attributes, weights, edges = context.saved_tensors
        of = context.of
        tables = of.tables
        by_nodes, by_attributes, by_weights = (torch.zeros_like(t) for t in (nodes, attributes, weights))
        by_out = by_out.contiguous()
        for part in _tiles(by_out, len(weights)):
            sender, receiver = edges[0, part], edges[1, part]
            near = nodes.index_select(0, sender).split([t.shape[2] for t in tables], dim=1)
            far = by_out.index_select(0, receiver).split([t.shape[1] for t in tables], dim=1)
            by_near = []
            for table, columns, paths, x, by_product in zip(tables, of.columns, of.paths, near, far, strict=True):
                geometry = _geometry(attributes[part], table)
                product = _times(geometry, x).mul_(by_product)
                for path, start, end in paths:
                    torch.sum(product[:, start:end], dim=1, out=by_weights[part, path])
                by_product = by_product * weights[part].index_select(1, columns)
                by_geometry = _times(by_product, x.transpose(1, 2))
                by_attributes[part] += by_geometry.flatten(1) @ table.flatten(1).T
                by_near.append(_times(geometry.transpose(1, 2), by_product))
            by_nodes.index_add_(0, sender, torch.cat(by_near, dim=1))
        return by_nodes, by_attributes, by_weights, None, None


def _times(first: Tensor, second: Tensor) -> Tensor:
    """Product of matrices (edges, i, j) and (edges, j, k), without the slow path of torch for vectors."""
    if first.shape[2] == 1:
        return first * second
    if first.shape[1] == 1:
        return (first.transpose(1, 2) * second).sum(dim=1, keepdim=True)
    if second.shape[2] == 1:
        return (first * second.transpose(1, 2)).sum(dim=2, keepdim=True)
    return torch.bmm(first, second)


def _geometry(attributes: Tensor, table: Tensor) -> Tensor:
    """The matrix (edges, columns, components) that takes h to the message."""
    return (attributes @ table.flatten(1)).view(-1, *table.shape[1:])


def _tiles(messages: Tensor, edges: int) -> list[slice]:
    """Slices of the edges whose products fill `_TILE` bytes each."""
    size = max(_TILE[messages.device.type == "cpu"] // (messages[:1].numel() * messages.element_size()), 16)
    return [slice(start, start + size) for start in range(0, edges, size)]


class SparseContraction(nn.Module):
    """The symmetric contraction as a polynomial: Σ c_t(element, channel) x_i x_j x_k over the terms t that are not 0.

    R. Drautz, doi:10.1103/PhysRevB.99.014104, eq. 17 of MACE (arXiv:2206.07697). Terms that differ by the order of
    their factors are one; those of lower degree have factors 1, kept as the last row of x.
    """

    def __init__(self, contraction: Any):
        super().__init__()
        self.parts = len(contraction.contractions)
        self.widths = []
        for index, part in enumerate(contraction.contractions):
            terms, values, width = _terms(part)
            pairs = sorted({term[1:3] for term in terms})
            self.widths.append(width)
            self.register_buffer(f"values_{index}", values)
            self.register_buffer(f"out_{index}", torch.tensor([term[0] for term in terms]))
            self.register_buffer(f"pairs_{index}", torch.tensor(pairs).T.contiguous())
            self.register_buffer(f"pair_{index}", torch.tensor([pairs.index(term[1:3]) for term in terms]))
            self.register_buffer(f"third_{index}", torch.tensor([term[3] for term in terms]))

    def forward(self, x: Tensor, attributes: Tensor) -> Tensor:
        species = attributes.argmax(dim=1)
        rows = x.permute(2, 0, 1)
        rows = torch.cat([rows, torch.ones_like(rows[:1])])
        results = []
        for index in range(self.parts):
            values, out, pairs, pair, third = (
                getattr(self, f"{name}_{index}") for name in ("values", "out", "pairs", "pair", "third")
            )
            product = rows.index_select(0, pairs[0]) * rows.index_select(0, pairs[1])
            terms = values[:, species] * product.index_select(0, pair) * rows.index_select(0, third)
            result = rows.new_zeros(self.widths[index], *rows.shape[1:]).index_add(0, out, terms)
            results.append(result.permute(1, 2, 0).reshape(len(x), -1))
        return torch.cat(results, dim=1)


def _terms(part: Any) -> tuple[list[tuple[int, int, int, int]], Tensor, int]:
    """Terms (w, i, j, k) with i ≤ j ≤ k, their coefficients (terms, elements, channels), and how many w there are."""
    one = part.U_tensors(1).shape[-2]
    weights = {part.correlation: part.weights_max}
    weights |= {part.correlation - 1 - index: weight for index, weight in enumerate(part.weights)}
    found: dict[tuple[int, int, int, int], Tensor] = {}
    width = 1
    for degree, weight in weights.items():
        table = part.U_tensors(degree).detach().double()
        table = table if table.dim() == degree + 2 else table[None]
        width = len(table)
        for index in (table != 0).any(dim=-1).nonzero().tolist():
            factors = sorted(index[1:]) + [one] * (3 - degree)
            key = (index[0], *factors)
            coefficient = torch.einsum("k,zkc->zc", table[tuple(index)], weight.detach().double())
            found[key] = found.get(key, 0) + coefficient
    terms = sorted(found)
    return terms, torch.stack([found[term] for term in terms]), width


def _is_skip(product: Any) -> bool:
    from e3nn import o3

    return (
        isinstance(product, o3.FullyConnectedTensorProduct)
        and product.irreps_in2.lmax == 0
        and len(product.irreps_in2) == 1
    )


def _is_convolution(product: Any) -> bool:
    from e3nn import o3

    return (
        isinstance(product, o3.TensorProduct)
        and not product.shared_weights
        and len({mul for mul, _ in product.irreps_in1}) == 1
        and all(mul == 1 for mul, _ in product.irreps_in2)
        and all(i.connection_mode == "uvu" and i.has_weight for i in product.instructions)
    )


def _is_contraction(contraction: Any) -> bool:
    from mace.modules.symmetric_contraction import SymmetricContraction

    if not isinstance(contraction, SymmetricContraction):
        return False
    parts: Any = contraction.contractions
    return all(1 <= part.correlation <= 3 for part in parts)
