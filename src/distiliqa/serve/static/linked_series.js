// Two series beside each other: which slices lie at the same position along z.

/** The index in `others` of the slice nearest to a slice of `slices`; without positions, by its number. */
export function partnerOf(slices, others, index) {
  const position = slices[index].position_mm;
  const places = others.map((slice) => slice.position_mm);
  if (position === null || places.includes(null)) return Math.min(index, places.length - 1);
  const distances = places.map((place) => Math.abs(place - position));
  return distances.indexOf(Math.min(...distances));
}

/** Where slices lie between those of the first series, as indices with fractions; null beyond its ends. */
export function placesIn(slices, others) {
  const at = slices.map((slice) => slice.position_mm);
  if (at.includes(null) || others.some((slice) => slice.position_mm === null)) {
    return others.map((_, index) => (index < at.length ? index : null));
  }
  const last = at.length - 1;
  const near = last > 0 ? (at[last] - at[0]) / last / 2 : 0.1; // half of the distance of two slices
  return others.map(({ position_mm: z }) => {
    if (z < at[0]) return at[0] - z <= near ? 0 : null;
    if (z > at[last]) return z - at[last] <= near ? last : null;
    const next = at.findIndex((place) => place >= z);
    return next === 0 ? 0 : next - (at[next] - z) / (at[next] - at[next - 1]);
  });
}
