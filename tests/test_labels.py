"""Citation labels, exactly as people write them."""

import pytest

from rag.labels import label_of, short_label

PIPL = "中华人民共和国个人信息保护法"
PLAN = "人工智能全球治理行动计划"
NEWS = "文旅互动 擘画互利共赢新画卷"


@pytest.mark.parametrize(
    ("title", "lang", "path", "label"),
    [
        (PIPL, "zh", "article 13, paragraph 1, item 2", "《中华人民共和国个人信息保护法》第十三条第一款第二项"),
        (PIPL, "zh", "article 13, item 2, point 1", "《中华人民共和国个人信息保护法》第十三条第二项第一目"),
        (PLAN, "zh", "article 6, sentence 2", "《人工智能全球治理行动计划》第六条第2句"),
        (PLAN, "zh", "preamble 0", "《人工智能全球治理行动计划》序言"),
        (PLAN, "zh", "preamble 0, paragraph 2, sentence 1", "《人工智能全球治理行动计划》序言第2段第1句"),
        (NEWS, "zh", "paragraph 3", "《文旅互动 擘画互利共赢新画卷》第3段"),
        (NEWS, "zh", "paragraph 3, sentence 2", "《文旅互动 擘画互利共赢新画卷》第3段第2句"),
        ("刑法", "zh", "article 120-1, paragraph 2", "《刑法》第一百二十条之一第二款"),
        ("刑法", "zh", "annex 2, paragraph 1", "《刑法》附件二第一款"),
        ("办法", "zh", "annex 0", "《办法》附件"),
        ("刑法", "zh", "", "《刑法》"),
        ("《刑法》", "zh", "article 1", "《刑法》第一条"),
        ("关于修改《刑法》的决定", "zh", "article 1", "《关于修改〈刑法〉的决定》第一条"),
        ("《刑法》和《民法典》", "zh", "article 1", "《〈刑法〉和〈民法典〉》第一条"),
        ("通用数据保护条例", "zh", "article 6, paragraph 1, point f", "《通用数据保护条例》第六条第一款(f)"),
        ("通用数据保护条例", "zh", "recital 26", "《通用数据保护条例》序言第26段"),
        ("GDPR", "en", "article 6, paragraph 1, point f", "GDPR, Article 6(1)(f)"),
        ("GDPR", "en", "article 6, paragraph 1, point f, subpoint ii", "GDPR, Article 6(1)(f)(ii)"),
        ("GDPR", "en", "article 6, paragraph 1, sentence 2", "GDPR, Article 6(1), sentence 2"),
        ("GDPR", "en", "recital 26", "GDPR, Recital 26"),
        ("AI Act", "en", "annex III, point 5", "AI Act, Annex III, point 5"),
        ("AI Act", "en", "annex III, point 5, subpoint a", "AI Act, Annex III, point 5(a)"),
        ("AI Act", "en", "preamble 0", "AI Act, Preamble"),
        ("AI Act", "en", "preamble 0, paragraph 2", "AI Act, Preamble, paragraph 2"),
        ("Notes", "en", "paragraph 3, sentence 1", "Notes, paragraph 3, sentence 1"),
        ("Notes", "en", "", "Notes"),
    ],
)
def test_a_path_is_labelled_as_people_cite_it(title: str, lang: str, path: str, label: str) -> None:
    assert label_of(title, lang, steps(path)) == label


@pytest.mark.parametrize(
    ("lang", "path", "label"),
    [
        ("zh", "article 7", "第七条"),
        ("zh", "paragraph 3, sentence 2", "第3段第2句"),
        ("en", "article 6, paragraph 1, point f", "Art. 6(1)(f)"),
        ("en", "recital 26", "Rec. 26"),
        ("en", "annex III, point 5", "Annex III, point 5"),
        ("en", "", ""),
    ],
)
def test_a_chip_has_the_label_without_the_title(lang: str, path: str, label: str) -> None:
    assert short_label(lang, steps(path)) == label


def steps(words: str) -> list[tuple[str, str]]:
    pairs = [step.split() for step in words.split(", ") if step]
    return [(kind, number) for kind, number in pairs]
