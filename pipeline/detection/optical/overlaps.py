"""Resolve duplicates in fine images: several candidates of one hull, and hulls that overlap each other."""

from __future__ import annotations

from dataclasses import replace

from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.between_lines import SURE_EVIDENCE
from pipeline.detection.optical.hulls import BY_EDGES, USUAL_ASPECT, odd_proportions
from pipeline.types import PART_OF_HULL

GEAR_SHARE = 0.4  # share of a hull's length below which a slim object on her is gear: a house, a hatch, a pipe rack


def resolve_overlaps(found: list[Candidate], spacing_m: tuple[float, float]) -> list[Candidate]:
    """One candidate for each hull fitted by edges, the one with most pixels, however many of her parts were found.

    Other objects inside such a hull (a house, a hatch) stay, flagged ``part_of_hull``; of two hulls that overlap the
    less likely one is flagged.
    """
    hulls: list[Candidate] = []
    fine = (c for c in found if c.method == BY_EDGES)
    for c in sorted(fine, key=lambda c: ("cloud" in c.flags, -c.n_pixels, c.row, c.col)):
        if not any(_is_same_hull(c, other, spacing_m) for other in hulls):
            hulls.append(c)
    likely = [h for h in hulls if not {"no_hull_shape", "cloud"} & set(h.flags)]
    whole = [h for h in likely if not _contains_hull(h, likely, spacing_m)]
    beaten = _less_likely([h for h in whole if not screening.REJECTING & set(h.flags)], spacing_m)
    out: list[Candidate] = []
    for h in hulls:
        if id(h) in beaten:
            out.append(replace(h, flags=(*h.flags, beaten[id(h)])))
        elif _contains_hull(h, likely, spacing_m):
            out.append(replace(h, flags=(*h.flags, "holds_a_hull")))
        elif any(_is_inside(h, other, spacing_m) for other in whole if other is not h):
            out.append(replace(h, flags=(*h.flags, PART_OF_HULL)))
        else:
            out.append(h)
    for c in found:
        if c.method != BY_EDGES:
            inside = any(_is_inside(c, h, spacing_m) for h in likely)
            out.append(replace(c, flags=(*c.flags, PART_OF_HULL)) if inside else c)
    return out


def _offset(candidate: Candidate, reference: Candidate, spacing_m: tuple[float, float]) -> tuple[float, float]:
    """Distances [m] along and across ``reference`` from her middle to that of ``candidate``."""
    south, east = (candidate.row - reference.row) * spacing_m[0], (candidate.col - reference.col) * spacing_m[1]
    return abs(south * reference.axis[0] + east * reference.axis[1]), abs(
        east * reference.axis[0] - south * reference.axis[1]
    )


def _contains_hull(hull: Candidate, others: list[Candidate], spacing_m: tuple[float, float]) -> bool:
    """Does the outline contain a slimmer hull? Then it is that hull together with the quay or neighbour beside her.

    If it lies free and has a merchant hull's proportions, the slimmer one is a part of its deck between dark rails or
    boxes: something alongside would make the outline too stout. If it is too slender for a hull and contains a sure
    hull of usual proportions, it is a pier that extends beyond that ship.
    """
    odd = odd_proportions(hull.length_m, hull.beam_m)
    if "moored" not in hull.flags and not odd:
        return False
    within = [o for o in others if o.length_m > GEAR_SHARE * hull.length_m and _is_inside(o, hull, spacing_m)]
    if any(o.n_pixels > 30 and o.beam_m < 0.7 * hull.beam_m for o in within):
        return True
    slender = odd and hull.length_m > USUAL_ASPECT[1] * hull.beam_m
    return slender and any(_is_sure(o) and not odd_proportions(o.length_m, o.beam_m) for o in within)


def _is_sure(hull: Candidate) -> bool:
    """Is the evidence of her outline alone enough for a hull?"""
    return hull.outline_odds is not None and hull.outline_odds >= SURE_EVIDENCE


def _less_likely(hulls: list[Candidate], spacing_m: tuple[float, float]) -> dict[int, str]:
    """id() of the less likely of two hulls that overlap, which no two afloat can -> the flag that it gets.

    Ships side by side are half of both beams apart, so the middle of neither is within the other.
    """
    out: dict[int, str] = {}
    for n, a in enumerate(hulls):
        for b in hulls[n + 1 :]:
            large, small = (a, b) if a.length_m >= b.length_m else (b, a)
            along, across = _offset(small, large, spacing_m)
            through = along < 0.4 * large.length_m and across < 0.4 * large.beam_m
            if through and not _is_inside(small, large, spacing_m) and not {id(a), id(b)} & out.keys():
                worse = min(large, small, key=_likelihood_key)
                out[id(worse)] = "holds_a_hull" if worse is large else PART_OF_HULL
    return out


def _likelihood_key(hull: Candidate) -> tuple[float, float]:
    """Sort key of hulls: evidence of the outline, then score (contrast and shape)."""
    return hull.outline_odds or 0.0, hull.score


def _is_same_hull(a: Candidate, b: Candidate, spacing_m: tuple[float, float]) -> bool:
    along, across = _offset(a, b, spacing_m)
    near = along < 0.25 * max(a.length_m, b.length_m) and across < 0.4 * max(a.beam_m, b.beam_m)
    alike = 0.8 < a.length_m / b.length_m < 1.25 and 0.7 < a.beam_m / b.beam_m < 1.43
    return near and alike and abs(a.axis[0] * b.axis[1] - a.axis[1] * b.axis[0]) < 0.17  # within ten degrees


def _is_inside(candidate: Candidate, hull: Candidate, spacing_m: tuple[float, float]) -> bool:
    along, across = _offset(candidate, hull, spacing_m)
    return along < 0.5 * hull.length_m and across < 0.5 * hull.beam_m and candidate.length_m < 0.6 * hull.length_m
