"""SevenNet's network carried out by degree and by edge: an exact rewriting of what its package does with e3nn.

Features are kept per degree l as (atoms, 2l+1, channels), so that a linear layer is one matrix product, and a
convolution multiplies the features of the sender with the matrix that the spherical harmonics of the edge make of the
coupling coefficients. Nothing is approximated: results differ from those of the package by rounding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn.functional import silu

Features = list[Tensor]  # per degree l: (atoms, 2l+1, channels)

_TILE = {True: 2**21, False: 2**29}
"""Bytes of messages of edges that are made at a time: what a processor's cache holds, what keeps a GPU busy."""


class Unknown(ValueError):
    """A network of another form than those that are rewritten."""


class Network(nn.Module):
    """Energies (atoms,) in eV from atomic numbers and the vectors r_j − r_i of pairs in Å."""

    species: Tensor
    embedding: Tensor
    readout: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, model: Any, modality: int | None):
        super().__init__()
        layers = model._modules
        self.edges = layers["edge_embedding"]
        self.register_buffer("species", model.z_to_onehot_tensor, persistent=False)
        self.register_buffer("embedding", _Linear(layers["onehot_to_feature_x"], modality).weights[0])
        count = sum(name.endswith("_convolution") for name in layers)
        self.interactions = nn.ModuleList(_Interaction(layers, number, modality) for number in range(count))
        hidden, energy = (
            _Linear(layers[f"reduce_{name}"], modality) for name in ("input_to_hidden", "hidden_to_energy")
        )
        self.register_buffer("readout", (hidden.weights[0] @ energy.weights[0]).squeeze(1))
        shift, scale = (_of_modality(layers["rescale_atomic_energy"], name, modality) for name in ("shift", "scale"))
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift + scale * (hidden.bias @ energy.weights[0]))

    def forward(self, numbers: Tensor, i: Tensor, j: Tensor, vectors: Tensor) -> Tensor:
        species = self.species[numbers]
        distances = torch.linalg.norm(vectors, dim=1)
        radial = self.edges.basis_function(distances) * self.edges.cutoff_function(distances)[:, None]
        harmonics = self.edges.spherical(vectors)
        features = [self.embedding[species][:, None]]
        for interaction in self.interactions:
            features = interaction(features, radial, harmonics, i, j)
        return (features[0].squeeze(1) @ self.readout) * self.scale[species] + self.shift[species]


class _Interaction(nn.Module):
    """A layer: messages of the neighbours, mixed with the atom's own features, through a gate."""

    def __init__(self, layers: dict[str, Any], number: int, modality: int | None):
        super().__init__()
        skip, intro, convolution, outro, gate = (
            layers[f"{number}_{name}"]
            for name in (
                "self_connection_intro",
                "self_interaction_1",
                "convolution",
                "self_interaction_2",
                "equivariant_gate",
            )
        )
        self.skip, self.intro = _Linear(skip, modality), _Linear(intro, modality)
        self.convolution = EdgeConvolution(convolution)
        self.outro = _Linear(outro, modality, factor=1 / float(convolution.denominator))
        gate = gate.gate
        self.widths = [mul for mul, _ in gate.irreps_out]
        self.scalars = _silu_factor(gate.act_scalars.acts[0])
        self.gates = _silu_factor(gate.act_gates.acts[0]) if len(self.widths) > 1 else 0.0

    def forward(self, features: Features, radial: Tensor, harmonics: Tensor, i: Tensor, j: Tensor) -> Features:
        messages = self.convolution(self.intro(features), radial, harmonics, i, j)
        mixed = [a + b for a, b in zip(self.skip(features), self.outro(messages), strict=True)]
        scalars, *gates = mixed[0].split(self.widths, dim=2)
        gated = [x * (silu(gate) * self.gates) for x, gate in zip(mixed[1:], gates, strict=True)]
        return [silu(scalars) * self.scalars, *gated]


class _Linear(nn.Module):
    """A matrix (in, out) per degree, and what the modality adds to the scalars."""

    bias: Tensor

    def __init__(self, layer: Any, modality: int | None, factor: float = 1.0):
        super().__init__()
        linear = layer.linear
        modalities = getattr(layer, "num_modalities", 0) if getattr(layer, "num_modalities", 0) > 1 else 0
        inputs, outputs = _by_degree(linear.irreps_in, modalities), _by_degree(linear.irreps_out)
        # It answers the first component of each channel alone: the others are multiplied with the same.
        asked = [rows for rows, _ in inputs]
        asked += [torch.tensor([linear.irreps_in.dim - modalities + modality])] if modalities else []
        sizes = [len(rows) for rows in asked]
        probe = torch.zeros(sum(sizes), linear.irreps_in.dim, dtype=linear.weight.dtype)
        probe[torch.arange(len(probe)), torch.cat(asked)] = 1
        dense = linear(probe).detach().split(sizes)
        for degree, (columns, _) in enumerate(outputs):
            rows = dense[degree] if degree < len(inputs) else dense[0][:0]
            self.register_buffer(f"weight_{degree}", rows[:, columns] * factor)
        self.degrees = len(outputs)
        bias = dense[-1][0] if modalities else torch.zeros_like(dense[0][0])
        self.register_buffer("bias", bias[outputs[0][0]])
        self.biased = bool(modalities)

    @property
    def weights(self) -> list[Tensor]:
        return [getattr(self, f"weight_{degree}") for degree in range(self.degrees)]

    def forward(self, features: Features) -> Features:
        results = []
        for degree, weight in enumerate(self.weights):
            if degree < len(features):
                results.append(features[degree] @ weight)
            else:
                results.append(features[0].new_zeros(len(features[0]), 2 * degree + 1, weight.shape[1]))
        if self.biased:
            results[0] = results[0] + self.bias
        return results


class _Group(NamedTuple):
    """The messages of one degree that come from senders of one degree: their columns, component by component, and the
    paths that they take."""

    degree: int
    columns: slice
    paths: slice

    def of(self, messages: Tensor) -> Tensor:
        """Its part of `messages` (edges, columns, u), as (edges, components, paths, u)."""
        part: Tensor = messages[:, self.columns].unflatten(1, (2 * self.degree + 1, -1))
        return part


class EdgeConvolution(nn.Module):
    """Messages Σ_j w_ju Σ_ab C_abc h_jua Y_jb per atom and degree, from the neighbours j of the atom."""

    def __init__(self, layer: Any):
        super().__init__()
        product, radial = layer.convolution, layer.weight_nn
        if any(i.connection_mode != "uvu" or not i.has_weight for i in product.instructions):
            raise Unknown("a convolution of another kind")
        self.layers = []
        for number, part in enumerate(radial.children()):
            last = part.act is None
            factor = (part.h_in * part.var_in / (part.var_out if last else 1)) ** -0.5
            self.register_buffer(f"radial_{number}", part.weight.detach() * factor)
            self.layers.append(0.0 if last else _silu_factor(part.act) * part.var_out**0.5)
        sizes = [instruction.path_shape[0] for instruction in product.instructions]
        starts = torch.tensor([0, *sizes]).cumsum(0).tolist()
        weights: list[Tensor] = []
        self.groups: list[list[_Group]] = []
        for first, (mul, ir) in enumerate(product.irreps_in1):
            tables, groups, column, path = [], [], 0, 0
            for degree in range(product.irreps_out.lmax + 1):
                reached = [
                    (number, instruction)
                    for number, instruction in enumerate(product.instructions)
                    if instruction.i_in1 == first and product.irreps_out[instruction.i_out].ir.l == degree
                ]
                if not reached:
                    continue
                weights += [torch.arange(starts[number], starts[number] + mul) for number, _ in reached]
                table = torch.zeros(product.irreps_in2.dim, 2 * degree + 1, len(reached), ir.dim, dtype=torch.float64)
                for number, (_, instruction) in enumerate(reached):
                    second = product.irreps_in2[instruction.i_in2].ir
                    coupling = o3.wigner_3j(ir.l, second.l, degree, dtype=torch.float64) * instruction.path_weight
                    table[product.irreps_in2.slices()[instruction.i_in2], :, number] = coupling.permute(1, 2, 0)
                tables.append(table.flatten(1, 2))
                width = (2 * degree + 1) * len(reached)
                groups.append(_Group(degree, slice(column, column + width), slice(path, path + len(reached))))
                column, path = column + width, path + len(reached)
            self.register_buffer(f"table_{first}", torch.cat(tables, dim=1))
            self.groups.append(groups)
        self.channels = [mul for mul, _ in product.irreps_in1]
        self.degrees = product.irreps_out.lmax + 1
        output = f"radial_{len(self.layers) - 1}"
        setattr(self, output, getattr(self, output)[:, torch.cat(weights)].contiguous())

    def forward(self, features: Features, radial: Tensor, harmonics: Tensor, i: Tensor, j: Tensor) -> Features:
        for number, factor in enumerate(self.layers):
            radial = radial @ getattr(self, f"radial_{number}")
            if factor:
                radial = silu(radial) * factor
        summed = _EdgeMessages.apply(  # type: ignore[no-untyped-call]  # torch's has no types
            self, radial, harmonics, i, j, *features
        )
        parts: list[Features] = [[] for _ in range(self.degrees)]
        for groups, messages in zip(self.groups, summed, strict=True):
            for group in groups:
                parts[group.degree].append(messages[:, group.columns].reshape(len(messages), 2 * group.degree + 1, -1))
        return [torch.cat(part, dim=2) for part in parts]

    @property
    def tables(self) -> list[Tensor]:
        return [getattr(self, f"table_{first}") for first in range(len(self.channels))]

    def split(self, weights: Tensor) -> list[Tensor]:
        """Per degree of the sender: weights (edges, paths, u)."""
        sizes = [groups[-1].paths.stop * mul for groups, mul in zip(self.groups, self.channels, strict=True)]
        parts = weights.split(sizes, dim=1)
        return [part.unflatten(1, (-1, mul)) for part, mul in zip(parts, self.channels, strict=True)]

    def tiles(self, weights: Tensor) -> list[slice]:
        """Slices of the edges whose messages fill `_TILE` bytes each."""
        width = sum(table.shape[1] * mul for table, mul in zip(self.tables, self.channels, strict=True))
        size = max(_TILE[weights.device.type == "cpu"] // (width * weights.element_size()), 16)
        return [slice(start, start + size) for start in range(0, len(weights), size)]


class _EdgeMessages(torch.autograd.Function):
    """Per degree of the sender: features (atoms, 2l+1, u) to messages (atoms, columns, u), summed over neighbours.

    They are made of a few edges at a time, which stay in the cache, and made again for the gradient.
    """

    @staticmethod
    def forward(
        context: Any, of: EdgeConvolution, weights: Tensor, harmonics: Tensor, i: Tensor, j: Tensor, *features: Tensor
    ) -> tuple[Tensor, ...]:
        context.save_for_backward(weights, harmonics, i, j, *features)
        context.of = of
        outs = [x.new_zeros(len(x), t.shape[1], x.shape[2]) for x, t in zip(features, of.tables, strict=True)]
        for part in of.tiles(weights):
            rows = zip(features, of.tables, of.groups, of.split(weights[part]), outs, strict=True)
            for x, table, groups, weight, out in rows:
                messages = _times(_geometry(harmonics[part], table), x.index_select(0, j[part]))
                for group in groups:
                    group.of(messages).mul_(weight[:, None, group.paths])
                out.index_add_(0, i[part], messages)
        return tuple(outs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, *by_outs: Tensor) -> tuple[Tensor | None, ...]:
        weights, harmonics, i, j, *features = context.saved_tensors
        of = context.of
        by_weights, by_harmonics = torch.empty_like(weights), torch.zeros_like(harmonics)
        by_features = [
            torch.zeros_like(x) if needed else None
            for x, needed in zip(features, context.needs_input_grad[5:], strict=True)
        ]
        by_outs = tuple(by_out.contiguous() for by_out in by_outs)
        for part in of.tiles(weights):
            edge_weights, by_edge_weights = of.split(weights[part]), of.split(by_weights[part])
            rows = zip(features, of.tables, of.groups, edge_weights, by_edge_weights, by_outs, by_features, strict=True)
            for x, table, groups, weight, by_weight, by_out, by_x in rows:
                sender = x.index_select(0, j[part])
                by_messages = by_out.index_select(0, i[part])
                geometry = _geometry(harmonics[part], table)
                unweighted = _times(geometry, sender).mul_(by_messages)
                for group in groups:
                    torch.sum(group.of(unweighted), dim=1, out=by_weight[:, group.paths])
                    group.of(by_messages).mul_(weight[:, None, group.paths])
                by_geometry = _times(by_messages, sender.transpose(1, 2))
                by_harmonics[part] += by_geometry.flatten(1) @ table.flatten(1).T
                if by_x is not None:
                    by_x.index_add_(0, j[part], _times(geometry.transpose(1, 2), by_messages))
        return None, by_weights, by_harmonics, None, None, *by_features


def _times(first: Tensor, second: Tensor) -> Tensor:
    """Product of matrices (edges, a, b) and (edges, b, c), without the slow path of torch for vectors."""
    if first.shape[2] == 1:
        return first * second
    if first.shape[1] == 1:
        return (first.transpose(1, 2) * second).sum(dim=1, keepdim=True)
    if second.shape[2] == 1:
        return (first * second.transpose(1, 2)).sum(dim=2, keepdim=True)
    return torch.bmm(first, second)


def _geometry(harmonics: Tensor, table: Tensor) -> Tensor:
    """The matrix (edges, columns, 2l+1) that takes the sender's features to the message."""
    return (harmonics @ table.flatten(1)).view(-1, *table.shape[1:])


def _by_degree(irreps: o3.Irreps, modalities: int = 0) -> list[tuple[Tensor, int]]:
    """Per degree: where the first component of each channel is; `modalities` scalars at the end are left out."""
    blocks: list[tuple[Tensor, int]] = []
    kept = list(zip(irreps, irreps.slices(), strict=True))
    for (mul, ir), part in kept[: len(kept) - bool(modalities)]:
        if ir.l != len(blocks) or ir.p != 1:
            raise Unknown(f"features {irreps}")
        blocks.append((torch.arange(part.start, part.stop, ir.dim), ir.dim))
        assert len(blocks[-1][0]) == mul
    return blocks


def _silu_factor(activation: Any) -> float:
    """What `activation` multiplies silu with."""
    x = torch.tensor([1.0, -2.0, 0.5])
    ratio = activation(x) / silu(x)
    if (ratio - ratio[0]).abs().max() > 1e-5:
        raise Unknown("an activation that is not silu")
    return float(getattr(activation, "cst", ratio[0]))


def _of_modality(rescale: Any, name: str, modality: int | None) -> Tensor:
    """`shift` or `scale` per species."""
    values = getattr(rescale, name).detach()
    chosen: Tensor = values[modality] if values.dim() == 2 else values
    return chosen
