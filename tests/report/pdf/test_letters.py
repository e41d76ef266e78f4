from __future__ import annotations

from distiliqa.report.pdf.letters import in_font, lost_letters


def test_letters_that_the_fonts_lack_are_question_marks_and_are_counted():
    with lost_letters() as lost:
        assert in_font("Größe 5 µm, a ≥ b, 腹部?") == "Größe 5 µm, a ? b, ???"
    assert lost == set("≥腹部")
    assert in_font("腹") == "?"  # outside nothing is collected
    assert lost == set("≥腹部")
