"""The elements and their places in the periodic table of 18 columns."""

from __future__ import annotations

ELEMENTS = tuple(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr "
    "Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og".split()
)
"""Symbols by atomic number, from hydrogen."""

_NOBLE = (2, 10, 18, 36, 54, 86, 118)
_F_ROWS = {range(57, 72): 9, range(89, 104): 10}


def place(symbol: str) -> tuple[int, int]:
    """Row and column of `symbol`, from 1; La–Lu and Ac–Lr are in rows 9 and 10, below an empty one."""
    z = ELEMENTS.index(symbol) + 1
    for members, row in _F_ROWS.items():
        if z in members:
            return row, 3 + z - members.start
    period = sum(z > noble for noble in _NOBLE) + 1
    last = _NOBLE[period - 1]
    first = 1 if period == 1 else _NOBLE[period - 2] + 1
    left = 1 if period == 1 else 2
    column = z - first + 1 if z - first < left else 18 - (last - z)
    return period, column
