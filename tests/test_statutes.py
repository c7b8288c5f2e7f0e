"""Claims about the table of laws and their characteristic terms, and about the laws found by it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from rag.statutes import above, governing, successor

LINES = (Path(__file__).parent.parent / "rag" / "statutes.toml").read_text(encoding="utf-8").splitlines()
TABLES: dict[str, dict[str, str]] = tomllib.loads("\n".join(LINES))
LAWS, GONE = TABLES["zh"], TABLES["gone"]
TERMS = [(term, title) for title, terms in LAWS.items() for term in terms.split()]
ENTRY = re.compile(r'"[^"（]+(?:（试行）)?" = "[^"]+"')
# A general word of one law that stands in the title of a special one, which has longer terms of its own.
GENERAL = {"交通事故", "征地", "征地补偿", "最低生活保障"}


def test_every_line_is_a_heading_or_one_entry_and_no_title_comes_twice() -> None:
    entries = [line for line in LINES if line and not line.startswith(("#", "["))]
    assert [line for line in entries if not ENTRY.fullmatch(line)] == []
    assert len(entries) == len(LAWS) + len(GONE) + len(TABLES["under"])
    assert len(LAWS) > 500


def test_titles_are_written_without_the_name_of_the_state() -> None:
    assert [title for title in (*LAWS, *GONE) if "中华人民共和国" in title or "《" in title] == []


def test_a_law_has_one_to_eight_terms_of_two_characters_or_more() -> None:
    for title, terms in LAWS.items():
        assert 1 <= len(terms.split()) <= 8, title
        assert terms == " ".join(terms.split()), title
    assert [term for term, _ in TERMS if len(term) < 2] == []


def test_a_term_belongs_to_one_law_only() -> None:
    assert len({term for term, _ in TERMS}) == len(TERMS)


def test_no_term_stands_in_the_title_of_another_law_unless_it_stands_in_its_own() -> None:
    strange = {t for t, title in TERMS if t not in title and any(t in other for other in LAWS)}
    assert strange == GENERAL


def test_what_replaced_a_law_is_in_force_and_what_is_gone_is_not_listed_but_for_what_the_code_took_over() -> None:
    assert set(GONE.values()) <= set(LAWS)
    assert {GONE[title] for title in GONE if title in LAWS} == {"生态环境法典"}


@pytest.mark.parametrize(
    ("question", "law"),
    [
        ("别人抢先注册了我的商标怎么办？", "商标法"),
        ("在外地旅游被导游强制购物能退款吗", "旅游法"),
        ("旅行社临时取消行程要赔多少", "旅行社条例"),
        ("宅基地可以卖给城里人吗？", "土地管理法"),
        ("承包地被村里收回合法吗", "农村土地承包法"),
        ("发包方能提前终止土地承包吗？", "农村土地承包法"),
        ("分手后彩礼要退吗", "民法典"),
        ("向政府申请信息公开，多久答复？", "政府信息公开条例"),
        ("发明专利保护多少年", "专利法"),
        ("网上转载文章侵犯版权吗", "著作权法"),
        ("小规模纳税人交多少增值税", "增值税法"),
        ("公司破产了工资怎么办", "企业破产法"),
        ("上下班途中出车祸算工伤吗", "工伤保险条例"),
        ("交强险的赔偿限额是多少", "机动车交通事故责任强制保险条例"),
        ("投保人没有如实告知，能解除保险合同吗", "保险法"),
        ("灵活就业人员怎么交养老保险", "社会保险法"),
        ("物业费不交会怎样", "物业管理条例"),
        ("公积金可以用来租房吗", "住房公积金管理条例"),
        ("快递丢了怎么赔？", "快递暂行条例"),
        ("年假没休完折算多少工资", "职工带薪年休假条例"),
        ("试用期最长几个月", "劳动合同法"),
        ("村委会选举要多少村民参加", "村民委员会组织法"),
        ("人脸识别需要本人同意吗", "个人信息保护法"),
        ("老房子拆迁，补偿按什么标准", "国有土地上房屋征收与补偿条例"),
        ("机票退改手续费过高，航班延误赔不赔", "民用航空法"),
        ("医院不让复制病历怎么办，是医疗纠纷", "医疗纠纷预防和处理条例"),
        ("未成年人网络游戏防沉迷有什么规定？", "未成年人网络保护条例"),
        ("无人机在小区上空飞要报备吗", "无人驾驶航空器飞行管理暂行条例"),
        ("被家暴了怎么申请人身安全保护令", "反家庭暴力法"),
        ("吃到过期食品，能要求退一赔十吗", "食品安全法"),
        ("开饭店的营业执照怎么办", "市场主体登记管理条例"),
        ("烟花爆竹能在市区卖吗", "烟花爆竹安全管理条例"),
    ],
)
def test_an_everyday_question_belongs_to_its_law(question: str, law: str) -> None:
    assert governing(question)[:1] == (law,)


@pytest.mark.parametrize(
    "question",
    [
        "遗产税怎么交？",
        "这份合同的违约金太高怎么办",
        "公司要赔多少钱",
        "What is a high-risk AI system?",
        # words across the borders of others: 海关, 中标, 征信, 退保, 工会, 欠税, 国旗, 央行
        "上海关于落实措施的通知何时生效",
        "合同中标明的数量和实物不符",
        "个人特征信息指什么",
        "能不能要求退保证金",
        "员工会不会被扣钱",
        "有关税收优惠从哪天起算",
        "中国旗舰店的承诺有效吗",
        "中央行政机关有哪些",
        "",
    ],
)
def test_a_question_without_such_words_belongs_to_no_law(question: str) -> None:
    assert governing(question) == ()


def test_a_longer_term_wins_over_those_inside_it_and_comes_first() -> None:
    assert governing("工伤保险和医疗保险有什么区别") == ("工伤保险条例", "社会保险法")
    assert governing("劳动争议仲裁委员会不受理怎么办") == ("劳动争议调解仲裁法",)
    assert governing("数据出境要评估吗") == ("数据安全法",)


@pytest.mark.parametrize(
    ("title", "now"),
    [
        ("婚姻法", "民法典"),
        ("学位条例", "学位法"),
        ("信访条例", "信访工作条例"),
        ("环境噪声污染防治法", "生态环境法典"),  # by way of 噪声污染防治法
        ("民法典", None),
        ("没有的法", None),
    ],
)
def test_a_repealed_law_has_a_successor(title: str, now: str | None) -> None:
    assert successor(title) == now


def test_a_regulation_is_not_missed_where_the_law_that_it_carries_out_is_here() -> None:
    for regulation, law in TABLES["under"].items():
        assert regulation in LAWS and law in LAWS
        assert above(regulation) == law
    assert above("消费者权益保护法实施条例") == "消费者权益保护法"
    assert above("政府信息公开条例") == ""
