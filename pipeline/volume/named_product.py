"""Determine the product of a row: as its cell names it, or from the ship being a gas carrier."""

from __future__ import annotations

from pipeline.config import PRODUCT_ALIASES, SOME_PRODUCT, WITHOUT_A_ROW, VolumeConfig, plain_name, products_named
from pipeline.tables.operations import is_stated
from pipeline.volume.cells import Refused, Row, read_text
from pipeline.volume.gas_carriers import PETROLEUM_GAS, gas_carrier, require_counted_gas

UNNAMED_PRODUCTS = ("mix", "unnamed")


def product_of(call: Row, config: VolumeConfig) -> tuple[str, str, str]:
    """The product, what identifies her as a gas carrier ("" for none), and doubts about both.

    A named product decides what she is: no gas carrier carries oil.
    """
    ship = gas_carrier(call)
    name = read_text(call, "product").strip()
    if not is_stated(name) or products_named(name, {}) == [SOME_PRODUCT]:
        name = ""
    if ship is not None and not name:
        require_counted_gas(ship)
        doubt = f"a gas carrier by her {ship.known_by}: her cargo is assumed to be {PETROLEUM_GAS}"
        return _known_product(PETROLEUM_GAS, config)[0], ship.known_by, doubt
    product, doubt = _known_product(name, config)
    if product == PETROLEUM_GAS:
        return product, "product", ""
    by = ship.known_by if ship is not None and product in UNNAMED_PRODUCTS and not doubt else ""
    return product, by, doubt


def _known_product(cell: str, config: VolumeConfig) -> tuple[str, str]:
    """A product by its name in the assumptions, and doubts about it; Refused if it is not among them.

    Products without a row in the Committee's chart are refined petroleum all the same. They count by the Committee's
    factor for an unnamed product, which its own barrels of such deliveries imply (docs/volume.md).
    """
    known = {name: name for name in UNNAMED_PRODUCTS} | {plain_name(p.name): p.name for p in config.products}
    all_names = PRODUCT_ALIASES | {"crude": "crude"} | WITHOUT_A_ROW
    by_name = {name: known.get(product, product) for name, product in all_names.items()} | known
    name = plain_name(cell) or ("mix" if not cell else "")
    named = [by_name[name]] if name in by_name else products_named(cell, by_name)
    without = [product for product in named if product not in known.values() and product in WITHOUT_A_ROW]
    counted = {"unnamed" if product in without else product for product in named}
    if len(counted) > 1:
        raise Refused(f"product {cell!r} names {' and '.join(named)}; give each a row of its own")
    if without:
        factor = f"{config.unnamed_bbl_per_t:g} bbl/t, the factor for an unnamed product"
        return "unnamed", f"no factor is known for {' or '.join(without)}: {factor}, is used"
    if counted and counted <= set(known.values()):
        return counted.pop(), ""
    if named == ["crude"]:
        hint = "; crude has assumptions of its own, configs/assumptions/refined-and-crude.yaml"
    else:
        hint = "" if named else "; write unnamed for another refined product"
    raise Refused(f"product {cell!r} is not known; known are {', '.join(sorted(known.values()))}{hint}")
