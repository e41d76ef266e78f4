"""Agreement with labels: simulated held-out patients, real pairs, radiologists' ratings."""

from __future__ import annotations

from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.baseline import agreement_rows, ranking_rows
from tools.model_check.subject import Subject, read

CORRELATION, RATING_ERROR = 0.95, 0.6


def held_out_patients(subject: Subject) -> Section:
    images = subject.rated
    scored = subject.rated_scores
    cases = ", ".join(sorted({str(image.case) for image in images}))
    true = [image.score for image in images]
    rows = agreement_rows(scored, true, srocc_at_least=CORRELATION)
    return Section("Held-out patients, simulated", f"All of test.json of {cases}.", (rows,))


def real_pairs(subject: Subject) -> Section:
    paths = [path for pair in subject.pairs for path in pair.values()]
    scored = subject.score(map(read, paths), "real pairs", len(paths))
    ladder = list(zip(scored[::2], scored[1::2], strict=True))
    rows: list[Row] = []
    for kernel in sorted({str(full.acquisition.kernel) for full, _ in ladder}):
        same = [pair for pair in ladder if pair[0].acquisition.kernel == kernel]
        rows += ranking_rows(f"{kernel}, full above quarter", same, at_least=1)
    rows += ranking_rows("all, full above quarter", ladder, at_least=1)
    about = "dose_pairs: full and quarter dose of one patient; n counts the pairs."
    return Section("Real pairs", about, (rows,))


def rated_images(subject: Subject) -> Section:
    ratings = sorted(subject.ratings.items(), key=lambda item: -item[1])  # the best first
    scored = subject.score((read(path) for path, _ in ratings), "rated images", len(ratings))
    images = []
    for (path, rating), score in zip(ratings, scored, strict=True):
        error = score.score - rating
        images.append(
            {"image": path.name, "rating": rating, "score": score.score, "error": error}
            | {"GNL, HU": score.noise_hu}
            | bounded(abs(error), at_most=RATING_ERROR)
        )
    figures = ranking_rows("pairs ranked right", [scored], at_least=1)
    figures += agreement_rows(scored, [rating for _, rating in ratings])
    about = "ldctiqac2023: mean ratings of radiologists, for checking only; bound on the error."
    return Section("Images rated by radiologists", about, (images, figures))
