"""Claims about what kind of thing is asked for, and whether a text has any of it."""

from __future__ import annotations

import pytest

from rag import awaited, places
from rag.facts import language
from rag.statutes import titled

SENT = "(新华社上海7月26日电)"
FOUNDED = "本报上海7月26日电(记者陈尚文)中国政府26日倡议成立世界人工智能合作组织,初步考虑总部设在中国上海。"
CHECKED = "对上述人工智能系统的安全性进行定期评估,尊重专利、软件著作权等知识产权。"
SHARED = "鼓励人工智能领先国家共建联合实验室、共建安全测评互认平台,支持发展中国家。"
OPENED = "国内外嘉宾及人工智能产学研领域代表1000多人出席大会开幕式,国务院总理李强致辞。"
FESTIVAL = "为期9天的第八届马来西亚国际电影节正在吉隆坡举行。"


@pytest.mark.parametrize(
    ("question", "text", "lacking"),
    [
        ("中方牵头人是谁?", "此次会谈,中方的目标依然是同美方一道解决问题。", True),
        ("合作组织由谁牵头?", "中国政府倡议成立合作组织。", False),  # an organisation may
        ("首任秘书长由谁担任?", FOUNDED, True),  # who reports it is nobody's secretary
        ("世界人工智能合作组织的首任秘书长由谁担任?", "联合国秘书长古特雷斯等发表致辞。", True),  # of another
        ("世界人工智能合作组织的首任负责人由谁担任?", "李强与有关科研机构和企业负责人互动交流。", True),
        ("请把共建的几项东西逐一列出来", SHARED, False),
        ("共建了几项?", SHARED, True),
        ("把“能力建设”那条里要做的几件事都列出来。", SHARED, False),  # the things, not how many they are
        ("我们村前几年脱了贫,这份计划有没有让机器帮着种地的意思?", SHARED, False),
        ("用几句话概括这一条。", SHARED, False),
        ("When leading nations help others, what do they build together?", SHARED, False),
        ("From when does the platform run?", SHARED, True),
        ("朋友圈扩大到多少座城市了?", "青岛国际友城“朋友圈”拓展至54个国家95个城市。", False),
        ("朋友圈扩大到多少人了?", "青岛国际友城“朋友圈”拓展至54个国家95个城市。", True),
        ("开幕式上谁致辞?", OPENED, False),
        ("这个组织哪一年正式成立?", FOUNDED, True),
        ("这个组织是哪一天倡议成立的?", FOUNDED, False),
        ("评估多久做一次?", CHECKED, False),
        ("对话多久举行一次?", SHARED, True),
        ("什么时候向公众公布?", SHARED, True),
        ("平台由哪个国家牵头建设?", SHARED, True),
        ("总部设在哪个国家?", FOUNDED, False),
        ("哪个部门负责监督计划的实施?", "各国公共部门应成为人工智能应用和治理的引领者。", True),  # of none in charge
        ("哪个部门负责监督计划的实施?", "计划的实施由市政部门监督。", False),
        ("要是哪天出了事,国家之间怎么通气?", "推进威胁信息共享和应急处置机制建设。", False),  # no day is asked for
        ("大概有多少人到场?", OPENED, False),
        ("电影节的评委会主席由谁担任?", "影视协会主席郑雄城接受采访。", True),
        ("导演发表了怎样的感言?导演说了什么?", "影片传递的正义跨越了语言的界限。", True),
        ("郑雄城担任什么职务?", "郑雄城认为电影有进步。", True),
        ("郑雄城担任什么职务?", "影视协会主席郑雄城接受采访。", False),
        ("他这是第几趟来中国?", "他接受了本报采访。", True),
        ("他这是第几趟来中国?", "在首次访问中,他走访了北京。", False),
        ("一共有几名专家?", SHARED, True),
        ("办了几天?", FESTIVAL, False),
        ("喝掉多少吨啤酒?", FESTIVAL, True),
        ("门票多少钱?", FESTIVAL, True),
        ("哪些国家参加了?", FESTIVAL, False),
        ("为什么要评估?", CHECKED, False),
        (
            "这部片子的导演是谁?",
            "中国电影《我的朋友安德烈》入围,马来西亚演员陈立谦说。",
            True,
        ),  # nobody is its director
        ("华人影视协会主席是谁?", "马来西亚华人影视协会主席郑雄城在接受采访时表示。", False),
        ("他在上海参观的企业叫什么名字?", "在上海,他参观了多家信息技术和电动汽车企业,中国同行陪同。", True),
        ("那部片子叫什么?", "中国动画电影《哪吒之魔童闹海》上映。", False),
        ("明年轮到哪座城市办?", "2025“世界市长对话·青岛”活动日前举行。", True),
        ("明年轮到哪座城市办?", "明年的活动将在上海举行。", False),
        ("办了几天?", "活动于26日开幕。", True),  # the day of a date
        ("这部片子的导演是谁?", "导演董子健带着《我的朋友安德烈》入围。", False),
    ],
)
def test_a_text_without_anything_of_the_kind_that_is_asked_for_is_no_answer(
    question: str, text: str, lacking: bool
) -> None:
    assert awaited.lacks(question, "zh", text, text) is lacking


@pytest.mark.parametrize(
    ("question", "text", "lacking"),
    [
        ("How often is it held?", "The dialogue is held.", True),
        ("How often must systems be assessed?", "Systems shall be assessed at regular intervals.", False),
        ("Who chairs the board?", "The board shall be set up by the commission.", True),
        ("Who chairs the board?", "The board is chaired by Ms Smith.", False),
        ("How much does a ticket cost?", "The festival lasts nine days.", True),
        ("How many countries have signed the plan?", OPENED, True),  # a number of people is none of countries
        ("How many countries and how many cities?", "“朋友圈”拓展至54个国家95个城市。", False),
        ("How many people came?", OPENED, False),
        ("How many experts are there?", "十二、加强人工智能能力建设国际合作,共建联合实验室。", True),
        ("How many new members joined?", FOUNDED, True),
        ("Which countries have signed the plan?", SHARED, True),
    ],
)
def test_the_same_in_english(question: str, text: str, lacking: bool) -> None:
    assert awaited.lacks(question, "en", text, text) is lacking


@pytest.mark.parametrize(
    ("question", "another"),
    [
        ("《个人信息保护法》第五十五条说的是哪几种情形?", True),
        ("《哪吒之魔童闹海》的票房是多少?", False),
        ("《 哪吒之魔童闹海 》讲什么?", False),
        ("票房是多少?", False),
    ],
)
def test_a_work_named_in_brackets_is_spoken_of_or_another(question: str, another: bool) -> None:
    assert awaited.another(question, "《哪吒之魔童闹海》在马来西亚上映。") is another


@pytest.mark.parametrize(
    ("question", "text", "lacking"),
    [
        ("这部电影夺得了金环奖吗?", "这部电影入围竞赛单元,角逐最高奖项“金环奖”。", True),
        ("这部电影夺得了什么奖?", "这部电影荣获“金环奖”。", False),
        ("“金环奖”最后颁给了哪部影片?", "《安德烈》等九部影片角逐“金环奖”。", True),
        ("哪部影片入围?", "为期9天的电影节正在举行。", True),
        ("哪部影片入围?", "《安德烈》入围竞赛单元。", False),
        ("Who directed the film Ne Zha 2?", "动画电影《哪吒》上映。影视协会主席郑雄城说,它受到欢迎。", True),
        ("Who won the top award?", "Eight films compete for the top award.", True),
        ("What is a win-win outcome?", "双方合作共赢。", False),
        ("他跟哪位领导人会面了?", "他走访了北京和上海,参观了多家企业。", True),
        ("代表团由谁带队?", "陈吉宁、吴政隆参加上述活动。", True),
        ("他在致辞里讲了什么?", "联合国秘书长古特雷斯等发表致辞。", True),
        ("他在致辞里讲了什么?", "古特雷斯在致辞中表示,要加强合作。", False),
        ("这个组织哪一天正式成立?", FOUNDED, True),
        ("违反了会不会被处罚?", CHECKED, True),
        ("又怕挨罚,能不能大胆尝试?", CHECKED, False),  # what asks is the second part
        ("瑞典会谈达成了哪些协议?", "日内瓦会谈达成一系列重要共识。", True),
        ("日内瓦会谈达成了什么?", "日内瓦会谈达成一系列重要共识。", False),
        ("目前已经有哪些国家加入?", "愿同有意愿加入的国家共同探讨相关安排。", True),
        ("他走访了哪些地方?", "他接受了本报记者采访。", True),
        ("他走访了哪些地方?", "他走访了北京、上海等地。", False),
        ("文件里哪些地方提到评估?", CHECKED, False),  # places in a text are no towns
    ],
)
def test_what_is_asked_of_as_having_happened_must_be_told_so(question: str, text: str, lacking: bool) -> None:
    assert awaited.lacks(question, "en" if question.isascii() else "zh", text, text) is lacking


def test_laws_are_asked_about_as_they_are_worded() -> None:
    assert not awaited.lacks("违反了会不会被处罚?", "zh", CHECKED, CHECKED, names=False)


@pytest.mark.parametrize(
    ("question", "laws"),
    [
        ("个人信息保护法规定哪些属于敏感个人信息?", ("个人信息保护法",)),
        ("刑法怎么规定?", ()),
        ("行动计划讲什么?", ()),
    ],
)
def test_a_law_that_a_question_names_without_brackets_is_another_where_it_is_not_spoken_of(
    question: str, laws: tuple[str, ...]
) -> None:
    assert titled(question) == laws
    assert awaited.another(question, CHECKED, titled(question)) is bool(laws)


GREW = "2025年中国经济半年报显示,国内生产总值同比增长5.3%。"
STORY = f"秉持诚意推动中美经贸。{GREW}美国商界表示欢迎。青岛港吞吐量达7.1亿吨。"


@pytest.mark.parametrize(
    ("question", "lang", "is_elsewhere"),
    [
        ("美国上半年国内生产总值增长多少?", "zh", True),  # the story speaks of that country, the clause does not
        ("中国上半年国内生产总值增长多少?", "zh", False),
        ("上半年国内生产总值增长多少?", "zh", False),
        ("What was US GDP growth in the first half of 2025?", "en", True),
        ("What was China's GDP growth in the first half of 2025?", "en", False),
        ("大连港的吞吐量有多少?", "zh", True),
        ("青岛的吞吐量有多少?", "zh", False),  # a town may be named elsewhere in its story
        ("它要跟几部外国片子争奖?", "zh", False),
        ("美国商界怎么看?", "zh", False),  # no figure
    ],
)
def test_a_figure_of_one_place_is_not_that_of_another(question: str, lang: str, is_elsewhere: bool) -> None:
    assert places.elsewhere(question, lang, GREW, STORY) is is_elsewhere


def test_a_story_that_names_no_town_may_be_of_the_one_that_is_asked_about() -> None:
    question = "上海的大会开幕式来了多少人?"
    assert not places.elsewhere(question, "zh", OPENED, OPENED)
    assert places.elsewhere(question, "zh", OPENED, f"青岛国际友城交流月启动。{OPENED}")


def test_a_plan_of_the_country_that_is_asked_about_need_not_name_it() -> None:
    assert not places.elsewhere("中国的计划要求多久评估一次?", "zh", CHECKED, CHECKED)


@pytest.mark.parametrize(
    ("question", "text", "lacking"),
    [
        ("支票要在几天内提示付款?", "支票的持票人应当自出票日起十日内提示付款。", False),
        ("多少天不吭声就算放弃?", "承租人在十五日内未明确表示购买的。", False),
        ("几天内要作出裁定?", "人民法院应当在四十八小时内作出裁定。", False),
        ("几天内要作出裁定?", "人民法院应当作出裁定。", True),
        ("要满多少周岁?", "应当年满十八岁。", False),
        ("要满几岁?", "不得利用不满十周岁的未成年人。", False),
        ("要有多少年轻人?", "青年应当有五人。", False),
        ("几个月内要申请?", "应当自收到之日起三十日内申请。", False),
        ("先要有几家直营店?", "特许人应当拥有至少2个直营店。", False),
        ("考验期是多长?", "考验期满的,应当作出不起诉的决定。", True),
        ("考验期是多长?", "考验期为六个月以上一年以下。", False),
        ("科普月定在几月份?", "每年9月为全国科普月。", False),
        ("科普月定在几月份?", "国家设立全国科普月。", True),
        ("调解费的标准是多少?", "人民调解委员会调解,不得收取费用。", False),
        ("必须预交多少保证金?", "申请执行人参加竞买的,可以不预交保证金。", False),
        ("必须预交多少保证金?", "申请执行人可以参加竞买。", True),
        ("投资人最多能有多少个?", "投资者累计不得超过二百人。", False),
        ("仓储合同什么时候成立?", "仓储合同自保管人和存货人意思表示一致时成立。", False),
        ("仓储合同什么时候成立?", "仓储合同是保管人储存存货人交付的仓储物的合同。", True),
        ("劳动合同何时终止?", "有下列情形之一的,劳动合同终止。", False),
        ("补偿由哪几块组成?", "给予的补偿包括房屋价值的补偿和停产停业损失的补偿。", False),
    ],
)
def test_laws_count_in_what_units_they_like(question: str, text: str, lacking: bool) -> None:
    assert awaited.lacks(question, "zh", text, text, names=False) is lacking


@pytest.mark.parametrize(
    ("question", "clause", "is_little"),
    [
        ("总书记怎么看雄安?", "西班牙共产党总书记恩里克·圣地亚哥在接受本报记者采访时如是表示。", True),
        ("谁接受了采访?", "西班牙共产党总书记恩里克·圣地亚哥在接受本报记者采访时如是表示。", False),
        ("哪些主体被点名号召?", "人工智能带来前所未有的发展机遇。", True),
        ("哪些主体被点名号召?", "呼吁各国政府、国际组织和企业携手合作。", False),
    ],
)
def test_a_clause_that_only_names_who_spoke_or_one_thing_of_several_tells_little(
    question: str, clause: str, is_little: bool
) -> None:
    assert awaited.says_little(question, clause) is is_little


@pytest.mark.parametrize(
    ("question", "is_lacking"),
    [
        ("有人想借用我的银行卡几天，我能借给他吗?", False),  # for some days
        ("银行卡最多能借几天?", True),
        ("开放几天，要不要钱?", True),
        ("没休的年假该按几倍工资补?", True),
        ("他发了言，几天后，他的账户被人泄露了。根据哪条应当保密?", False),
        ("账户几天后能用?", True),
        ("同一账户可以分几次出借吗?", False),  # in several
        ("能告诉我可以借几次吗?", True),
        ("借出去要赔多少钱，看哪些因素?", False),
        ("借出去要赔多少钱?", True),
    ],
)
def test_a_few_days_that_are_told_are_not_asked_for(question: str, is_lacking: bool) -> None:
    said = "任何单位和个人不得出借银行账户。"
    assert awaited.lacks(question, "zh", said, said, names=False) is is_lacking


def test_a_length_of_time_asked_for_in_english_is_one_in_a_chinese_law() -> None:
    question = "How many days before it expires must I apply?"
    for said, lacking in (("应当在期满三十日前提出申请。", False), ("应当在期满前提出申请。", True)):
        assert awaited.lacks(question, "en", said, said, names=False) is lacking


def test_a_contract_in_brackets_is_no_law_that_a_statute_would_name() -> None:
    said = "征收土地应当依法及时足额支付补偿费。"
    assert not awaited.another("《安置补偿协议》无效吗?", said, names=False)
    assert awaited.another("《安置补偿协议》无效吗?", said)
    assert awaited.another("《个人贷款管理暂行办法》怎么规定?", said, names=False)


def test_how_many_times_is_answered_by_per_cent() -> None:
    said = "单位应当按照该职工日工资收入的300%支付年休假工资报酬。"
    assert not awaited.lacks("没休的年假该按几倍工资补?", "zh", said, said, names=False)


@pytest.mark.parametrize(
    ("question", "nobodys"),
    [
        ("首任秘书长由谁来当", True),
        ("合作组织的秘书长是谁", False),
        ("青岛市市长是谁", False),
        ("总部设在哪里", False),
    ],
)
def test_an_office_of_nobody_named_is_that_of_what_was_spoken_of(question: str, nobodys: bool) -> None:
    assert awaited.of_no_body(question) is nobodys


def test_an_office_is_that_of_the_body_spoken_of_before() -> None:
    told, behind = "联合国秘书长古特雷斯等发表致辞。", "世界人工智能合作组织总部设在哪里? 秘书长由谁来当?"
    assert awaited.lacks("秘书长由谁来当?", "zh", told, told, behind=behind)
    both = f"{told}世界人工智能合作组织将设在上海。"
    assert awaited.lacks("秘书长由谁来当?", "zh", told, both, behind=behind)
    named = "世界人工智能合作组织秘书长由王毅担任。"
    assert not awaited.lacks("秘书长由谁来当?", "zh", named, named, behind=behind)
    assert not awaited.lacks("秘书长由谁来当?", "zh", told, told, behind="联合国设在哪里? 秘书长由谁来当?")
    assert not awaited.lacks("秘书长由谁来当?", "zh", told, told)


def test_a_foreign_town_is_a_city_although_the_tagger_takes_it_for_a_person() -> None:
    assert not awaited.lacks("那个电影节办在哪座城市?", "zh", FESTIVAL, FESTIVAL)
    assert awaited.lacks("论坛办在哪座城市?", "zh", CHECKED, CHECKED)


def test_a_common_word_that_the_tagger_takes_for_a_place_is_none() -> None:
    assert not awaited.lacks("哪家通讯社从哪座城市发的稿?", "zh", SENT, SENT)
    assert awaited.lacks("电头写的是哪座城市?", "zh", "推动人工智能的深度应用。", "推动人工智能的深度应用。")


MAYOR = "青岛市长任刚向嘉宾介绍历史城区。尼日利亚拉各斯州州长表示愿意合作。大连市副市长也来了。"


@pytest.mark.parametrize(
    ("question", "another"),
    [
        ("伦敦市长是谁？", True),
        ("Who is the mayor of London?", True),
        ("What did the governor of Lagos State say?", False),
        ("Who is the mayor of Qingdao?", False),
        ("青岛市的市长叫什么？", False),
        ("大连市长对话来了哪些人？", False),
        ("Which mayors came to Qingdao?", False),
        ("副市长是谁？", False),
        ("青岛市副市长是谁？", True),
        ("大连市长是谁？", True),  # of whom there is a deputy only
    ],
)
def test_the_mayor_of_one_city_is_not_that_of_another(question: str, another: bool) -> None:
    assert places.holds_another(question, language(question), MAYOR) is another


def test_a_place_that_the_rest_of_the_question_names_is_no_answer_to_where() -> None:
    piece, clause = "双方两次会谈分别在哪里举行", "会谈即将在瑞典举行。"
    whole = f"瑞典会谈之前，{piece}？"
    assert awaited.lacks(piece, "zh", clause, clause, whole=whole)
    assert not awaited.lacks(piece, "zh", "双方曾在日内瓦会谈。", "双方曾在日内瓦会谈。", whole=whole)
