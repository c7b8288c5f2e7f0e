"""Question and text -> whether the text has anything of the kind asked for: a time, a number, a person, a place.

In: a question, the clause that comes nearest and the article around it. Out: yes or no. That a clause is about what is
asked does not make it an answer: 世界人工智能合作组织的秘书长由谁担任 is near every clause about that organisation,
and none names a person. It reads Chinese by jieba's parts of speech, English by a few patterns, and knows no document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from rag import amounts, facts
from rag.cut import CHINESE, tagged

_HOW_OFTEN = re.compile(
    r"多久.{0,6}[一几]次|多[久长]时间.{0,6}次|每隔多|频率|多长时间一|how often|how frequently", re.IGNORECASE
)
_OFTEN = re.compile(r"定期|每|次|年度|经常|随时|季度|\b(?:regular|annual|every|each|periodic)", re.IGNORECASE)
_WHICH_YEAR = re.compile(r"哪一?年|何年|几几年|\b(?:what|which) year\b", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}\s*年?|[今去明本当]年")
_WHICH_DAY = re.compile(
    r"(?<!要是|如果|万一|假如|若是)哪一?天|几月几?[日号]|几[日号](?!人)|什么日子|何日"
    r"|\b(?:what|which) (?:date|day)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\d\s*[日号]|当[日天]|之日|\b\d{1,2}\b.{0,12}\b(?:january|february|march|april|may|june|july|august)", re.I
)
_WHEN = re.compile(
    r"什么时候|何时|时间表|几时|日程|截止|\bdeadline\b|\btimetable\b"
    r"|\b(?:since|until|by|from|know|says?|tell\w*|stat\w+|specif\w+|exactly|and|or|where) when\b"
    r"|(?:\A|[.?!,;:])\s*(?:and |but |so |then )?when "
    r"(?:is|are|was|were|will|would|did|does|do|must|should|shall|can|could|may|might|has|have|had)\b",
    re.IGNORECASE,
)
"""No "when" that begins a clause: When leading nations help others, what do they build?"""
_TIME = re.compile(
    r"尽早|尽快|定期|及时|期间|以前|之前|以后|日前|[今明去]年|目前|\d\s*[年月日天时]|\b(?:soon|early|19|20)\d*", re.I
)
_CONDITION = re.compile(r"时(?!间)|后|前|起|届满|情形")
"""How a law says when: 自保管物交付时成立, 有下列情形之一的."""
_OFFICE = re.compile(
    r"担任|出任|率[队团]|带[队团]|牵头人|领队|团长|秘书长|主席|会长|总统|总理|市长|部长|领导人|负责人|致辞|致了辞|发言|主持|作者|导演|"
    r"\b(?:led|chair|secretary|president|minister|mayor|direct(?:or|ed|s)|head)",
    re.IGNORECASE,
)
_NUMERAL = rf"[\d{facts.DIGITS}]"
_ROLE = re.compile(r"秘书长|负责人|总干事|理事长|主席|会长|总统|总理|市长|部长|校长|董事长|发言人|导演|作者")
_OFFICES = tuple(_ROLE.pattern.split("|"))
_BODY = (
    "[\u3400-\u9fff]+(?:组织|联盟|公司|集团|银行|大学|(?:研究|[学医])院|(?:[协学]|联合|基金|委员|[评组]委|[理董]事)会)"
)
_WHOSE = re.compile(f"({_BODY})的?(?:首任|现任|前任|新任|历任|第一任)?(?:{_ROLE.pattern})")
_TELLING = 6
"""Characters at the end of an organisation's name that must stand where its officer is named."""
_WHO = re.compile(r"谁|哪一?位|哪几位|何人|哪个人|\bwho(?:m)?\b", re.IGNORECASE)
_POST = re.compile(
    r"什么(?:职[务位]|头衔|身份|官)|(?:职[务位]|头衔|身份)(?:是|有|为)(?:什么|哪)|哪些职[务位]|是干(?:什么|啥)的"
    r"|\b(?:what|which) (?:position|post|title|office|role) .*\b(?:hold|have|held)\b",
    re.IGNORECASE,
)
_WHO_IS = re.compile(r"什么人|啥人|何许人|全名|姓名|身份|什么来头|\bwho\b|\bnames?\b", re.IGNORECASE)
_POSTS = re.compile(
    rf"{_ROLE.pattern}|[总副]?书记|首相|大臣|州长|省长|县长|局长|司长|处长|院长|社长|团长|主任|代表|大使|经理|总裁|教授|研究员|记者"
    r"|\b(?:president|chair|secretary|minister|mayor|governor|director|head|professor|ambassador|representative)",
    re.IGNORECASE,
)
_WHICH_ALL = re.compile("哪[些几](?!年|天|条(?!件)|款|点|个?月|方面)|列[出举]|逐[个一]")
_ALL = re.compile("[、和与及或;；]|以及|并|既|又|[一二三四五六七八九十][是要项种个家部]")
"""What a text has that tells of several: without any it names one thing at most."""
_SPEAKS = re.compile(
    rf"({_ROLE.pattern})[^,，]{{0,16}}(?:感言|[说讲](?:了|过)?(?:些|一?番)?(?:什么|啥|话)|怎么[说看]|评价)"
)
_ATTRIBUTES = re.compile(
    r"[^。！？]{0,80}(?:如是|这样|[时中]|(?:接受|在)[^。，,]{2,16}(?:采访|专访)时)(?:表示|指出|认为|说|强调)[。.]?"
    r"|[^。！？，,;；、“]{2,16}(?:表示|指出|认为|说|强调)[。.：:,，]?"
)
_WHICH_TIME = re.compile(r"第?几[次趟回](?![合])|\b(?:first|second|third) (?:time|visit|trip)\b", re.IGNORECASE)
_NTH = re.compile(
    rf"首次|初次|头一?[次回趟]|再次|又一次|第{_NUMERAL}+[次趟回]|{_NUMERAL}[次趟回]|\b(?:first|again|second|third)"
)
_ROLES_EN = [
    (re.compile(rf"\b(?:{asked})", re.IGNORECASE), re.compile(told))
    for asked, told in (
        ("direct(?:or|ed|s) ", "导演"), ("secretary[- ]general", "秘书长"), ("mayor", "市长"),
        ("governor", "州长|省长"),
        ("(?:prime minister|premier)", "总理|首相"), ("(?:president|chair)", "主席|会长|总统|总书记"),
    )
]  # fmt: skip
"""An office in English, and how a Chinese text names it."""
_WHICH_WORK = re.compile(r"哪一?[部本首]|\b(?:which|what) (?:film|movie|book|song)\b", re.IGNORECASE)
_WORK = re.compile(r"《|“")
_WHERE = re.compile(
    r"(?:去|到|走访|访问|设|放|选|位于|举[行办]|召开|开|谈|落户)了?(?:过|在|到)?(?:了|的是)?(?:哪里|哪儿|哪些地方|什么地方)(?!.{0,4}[提说讲])"
    r"|[在去到](?:哪里|哪儿|什么地方)(?:举[行办]|召开|谈|开)|分别在(?:哪里|哪儿|哪些地方|什么地方)(?!.{0,4}[提说讲规写])"
)
_WHICH_BODY = re.compile(
    r"哪一?[个些](?:部门|机关|机构|单位)(?:负责|主管|监督|牵头|管)|由哪一?[个些]?(?:部门|机关|机构)"
    r"|\b(?:which|what) (?:department|authority|agency|body) (?:is|are|oversees?|supervises?|monitors?|enforces?)\b",
    re.IGNORECASE,
)
_IN_CHARGE = re.compile(
    r"负责|主管|监督|监管|牵头|管理|承担|由|\b(?:responsib|charge|supervis|authorit|enforce)", re.IGNORECASE
)
"""What a text says of a body that it puts in charge: that there are bodies does not tell which one is."""
_WHICH_COUNTRY = re.compile(
    r"哪一?个?(?:国家|国|城市|省|座城市|地区)(?!际)|哪座城|何国|\bwhich (?:country|city|state)\b", re.IGNORECASE
)
_WHICH_MONTH = re.compile(r"几月(?!几)|哪一?个?月|\b(?:what|which) month\b", re.IGNORECASE)
_MONTH = re.compile(
    r"\d\s*月|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)", re.I
)
_HOW_LONG = re.compile(r"多[久长](?!远)|\bhow long\b", re.IGNORECASE)
_LONG = re.compile(
    rf"{amounts.LASTS.pattern}|之日|立即|即时|当[日天]|终身|永久|长期|期限|期间|时间|定期|及时"
    r"|\b(?:hour|day|week|month|year|period|term)s?\b|immediate|without (?:undue )?delay",
    re.IGNORECASE,
)
_REPORTER = re.compile(r"[(（][^()（）]*(?:记者|电)[^()（）]*[)）]|本报\S{0,12}电")
OF_AGENCY = re.compile(r"通[讯信迅]社|电头|发稿|播发|\bdateline\b|\b(?:news|wire) (?:agency|service)\b", re.I)
"""What asks who sent a report, and where from: that stands nowhere but in its dateline."""
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")


_WON = r"颁[给发]|夺得|夺冠|获奖|得奖|捧[得回]|赢得|拿[到下].{0,8}奖|(?<!-)\bw[oi]n(?:s|ner|ning)?\b(?!-win)"
_HAPPENED = [
    (re.compile(asked, re.IGNORECASE), re.compile(told, re.IGNORECASE))
    for asked, told in (
        (_WON, rf"{_WON}|获得|荣获|摘得|得主|授予|\bawarded\b"),
        (r"会[面晤]|接见|会见|见[了过]?.{0,4}(?:领导|主席|总统|总理)", r"会[见面晤]|接见|见面"),
        (
            r"(?:已经?|目前|至今).{0,8}(?:加入|批准)|(?:加入|批准)了"
            r"|\b(?:has|have) (?:\w+ )?(?:joined|signed|ratified)\b|\balready\b.{0,20}\b(?:join|sign|ratif)",
            r"[已现].{0,10}(?:加入|批准)|(?:加入|批准|签署?)了|签署|成员国?(?:有|包括|为)|\b(?:joined|signed|ratified)\b",
        ),
        (r"带队|率[队团]|(?:headed|led) (?:the|its) .{0,20}delegation", r"带队|率|带领|团长|\bled\b|\bhead"),
        (r"(?:致辞|讲话|发言|演讲).{0,8}(?:[讲说谈提]|内容)", r"指出|强调|表示|认为|呼吁|说[,，:：]|[“\"：:]"),
        (r"正式(?:成立|启动|生效|实施|施行|运行|上映|签署|加入)", r"正式|自.{1,12}起|起(?:施行|生效)"),
        (r"罚|判刑|坐牢|赔偿|penalt|\bfine[ds]?\b|punish", r"罚|刑|赔|责任|处分|吊销|penalt|\bfine|liab|punish"),
    )
]
"""What is asked of as having happened, and how a text says that it did: to be in a competition is not to win it."""
_NEXT = re.compile(r"明年|后年|下一?[届次回年]|\bnext (?:year|time|edition)\b", re.IGNORECASE)
_LAW = re.compile(r"(?:法|法典|条例|办法|规定|细则|规则|规程|通则|解释|决定|公约)(?:[（(].*[）)])?\Z")
_CALLED = re.compile(
    r"叫什么|名[字称](?:是|叫)(?:什么|啥)|什么名[字称]|\bwhat (?:is|are) .{1,40}\b(?:called|named?)\b", re.I
)
_NAME = re.compile(
    r"《|“|[A-Z]{2,}|[\u3400-\u9fff]{3}(?:小组|组织|机制|平台|中心|联盟|委员会|工程|倡议|大会|论坛|对话|奖|节|项目|指数|系统|公司|协会)"
)
_AGREED = re.compile(r"达成|谈成|谈拢|签署|签[了订]|\bagreed?\b|\bagreements?\b", re.IGNORECASE)


def lacks(
    question: str, lang: str, clause: str, text: str, *, names: bool = True, whole: str = "", behind: str = ""
) -> bool:
    """Whether what is asked for cannot be in `clause`, nor, where it is a year or a name, in the `text` around it.

    Without `names` nobody is asked for by name: laws say that a director presides, not who is one. The question may be
    a piece of a `whole` one: what that names is no answer either, as 瑞典 of 瑞典会谈之前，前两次在哪里举行. Where it
    goes on `behind` an earlier one, an office is that of the body spoken of there.
    """
    there, question = facts.arabic(clause), facts.without_some(question)
    if names and (_did_not_happen(question, text) or _happened_elsewhere(question, clause)):
        return True
    if names and any(role not in text for role in _SPEAKS.findall(question)):
        return True
    if names and _NEXT.search(question) and not _NEXT.search(text):
        return True
    if names and _CALLED.search(question) and CHINESE.search(text):
        return not (
            _NAME.search(clause) or _named(question, lang, clause.replace("中国", ""), ("nr", "ns", "nt", "nz"))
        )
    if _HOW_OFTEN.search(question):
        return not _OFTEN.search(there)
    if _WHICH_YEAR.search(question):
        return not _YEAR.search(facts.arabic(text))
    if _WHICH_DAY.search(question):
        return not _DAY.search(facts.arabic(text))
    if _WHICH_MONTH.search(question):
        return not _MONTH.search(facts.arabic(text))
    if not names and _HOW_LONG.search(question):
        return not _LONG.search(there)
    if _WHEN.search(question):
        told = _TIME.search(facts.arabic(text)) or facts.TIME.search(there)
        return not (told or (not names and _CONDITION.search(text)))
    if names and _WHO.search(question) and _OFFICE.search(question):
        held = not CHINESE.search(text) or _is_held(question, text, behind)
        return not (held and (_named(question, lang, text, ("nr",)) or _holder(text)))
    if names and _WHICH_WORK.search(question) and CHINESE.search(text) and not _WORK.search(clause):
        return True
    if names and _POST.search(question):
        return not _POSTS.search(clause)
    if _WHICH_TIME.search(question):
        return not _NTH.search(facts.arabic(text))
    if names and _WHICH_BODY.search(question) and not _IN_CHARGE.search(clause):
        return True
    if names and (which := _WHICH_COUNTRY.search(question) or _WHERE.search(question)):
        towns = "国" not in which[0]  # foreign ones are taken for names of persons
        return not _named(whole or question, lang, text, ("ns", "nt", "nr") if towns else ("ns", "nt"))
    return amounts.lacks(question, lang, there, facts.arabic(text), names=names)


def says_little(question: str, clause: str) -> bool:
    """Whether a clause only says who spoke, or a Chinese one names one thing where several are asked for."""
    one = _WHICH_ALL.search(question) and CHINESE.search(clause) and not _ALL.search(clause)
    return bool(one) or attributes(question, clause)


def attributes(question: str, clause: str) -> bool:
    """Whether a clause says only that somebody said something, where nobody is asked for."""
    asks_who = any(each.search(question) for each in (_WHO, _POST, _CALLED, _WHO_IS))
    return bool(_ATTRIBUTES.fullmatch(clause.strip())) and not asks_who


def of_no_body(question: str) -> bool:
    """Whether it is asked who holds an office, and nobody is named whose it is: 首任秘书长由谁来当."""
    if not (_WHO.search(question) and _ROLE.search(question)) or _WHOSE.search(question):
        return False
    return not any(tag.lstrip("?").startswith(("nr", "ns", "nt")) for *_, tag in tagged(question))


def _is_held(question: str, text: str, behind: str) -> bool:
    """Whether a Chinese text speaks of every office that a question names, and of the organisation that it is of: that
    spoken of before in the very sentence that speaks of the office."""
    english = all(told.search(text) for asked, told in _ROLES_EN if asked.search(question))
    bodies, roles = _WHOSE.findall(question), _ROLE.findall(question)
    if not bodies and (before := re.findall(_BODY, behind)[-1:]):
        told = [each for each in re.split("(?<=[。！？])", text) if before[0][-_TELLING:] in each]
        return english and all(any(role in each for each in told) for role in roles)
    held = all(role in text for role in roles)
    return english and held and all(name[-_TELLING:] in text for name in bodies)


def _holder(text: str) -> bool:
    """Whether a word that no dictionary has stands behind an office: 协会主席郑雄城."""
    return any(a.endswith(_OFFICES) and tag.startswith("?") for (a, *_), (_, _, tag) in pairwise(tagged(text)))


def _did_not_happen(question: str, text: str) -> bool:
    """Whether a piece of the question that asks something asks of what the text does not say to have happened."""
    pieces = facts.asking(question)
    return any(asked.search(piece) and not told.search(text) for asked, told in _HAPPENED for piece in pieces)


def _happened_elsewhere(question: str, clause: str) -> bool:
    """Whether what is asked to have been agreed in one place is in the clause of others alone."""
    if not any(_AGREED.search(piece) for piece in facts.asking(question)):
        return False
    asked, told = (
        {word for word, _, tag in tagged(text) if tag == "ns" and word != "中国"} for text in (question, clause)
    )
    return bool(asked and told and not asked & told)


def _named(question: str, lang: str, text: str, kinds: tuple[str, ...]) -> bool:
    """Whether a name stands in the text that is not the question's own."""
    if not CHINESE.search(text):
        return any(name not in question for name in _CAPITAL.findall(text))
    told = text if OF_AGENCY.search(question) else _REPORTER.sub("", text)
    found = (word for word, _, tag in tagged(told) if tag.lstrip("?").startswith(kinds))
    return any(len(word) > 1 and word not in question for word in found)


def another(question: str, text: str, laws: Iterable[str] = (), *, names: bool = True) -> bool:
    """Whether a question names, in 《》 or as one of its `laws`, what neither title nor text of a document does.

    Without `names` only what is called as laws are: a statute tells of the 《安置补偿协议》 of a case without its name.
    """
    there = facts.plain(text)
    titles = [title for title in re.findall(r"《([^《》]+)》", question) if names or _LAW.search(title)]
    return any(facts.plain(title) not in there for title in (*titles, *laws))
