"""How a question is worded that asks for provisions themselves, for where words stand, or for titles. Pure.

In: a question, whole or without the provisions it names. Out: patterns and one rewording, for `named.py`.
"""

from __future__ import annotations

import re

LEAD = (
    "换个话题|[这那整]一?[条款项段句]|[这那整][份部篇个件项]|麻烦|能不能|可不可以|[能可]?[否不]?[能可]以?|[用拿]?[1-9一两三几][句段]话|简[短明]|大[概致]|请问|请|问|一下|那么?|概括|总结|归纳|概述|简述|梳理|简[要单]|逐[句项条]|告诉我|帮我|给我|我?想知道|我?想看|说说|讲讲|[说讲看查读念]|列出|调[出取阅]|[找贴翻抄发](?:出来?)?|看看|出来|把|翻[到开]|摘[录抄]|抄录|复述|背诵|给出|提供|展示|检索|引用|背出|显示|完整|具体|中华人民共和国"
    "|最高人民法院|最高人民检察院|[0-9]{4}年版?|现行|我国|中国|欧盟|[上前]述|刚才|该|本|此"
)
_ASKED = (
    "的|分别|各|全部|主要|主题|小?标题|条标|题目|名[字称]|叫|部分|大意|要点|内容|条文|原文|原[话句]|措辞|全文|正文|文字|字句|规定|一字不[差落漏改]|写|是|有|为|了|着|到|关于|什么|啥|哪些|哪个|些|怎么|怎样|如何|样|述|表"
    "|呢|吗|啊|呀|来着|末尾|都|又|各|在|里|中|面|和|与|及|法律|条例|文件|(?:行动)?计划|方案"
)
MARKS = r"[\s,.?!:;。、《》〈〉“”\"'()]"
_COUNTED = r"\([^()]{1,16}算[^()]{0,8}\)"  # 标题那句也算一句
TEXT_ZH = re.compile(rf"(?:{_COUNTED}|{LEAD}|{_ASKED}|{MARKS})*+")
PURPOSE = re.compile(
    r"(?:\A|(?<=[,;!。]))(?![^,;]*[怎什哪吗几])[^,;!?。]{0,14}(?:[要急]用|引用|[核校]对|备用|参考)(?=\s*[,;!?。.]|\Z)"
)
"""What somebody wants a provision for: 做PPT要用, 我要引用."""
TEXT_EN = re.compile(
    r"(?:\b(?:what|does|do|did|is|are|s|says?|states?|in|of|the|a|about|read|show|me|quote|cite|give|text|wording|contents?|full"
    r"|please|tell|print|exact|words|verbatim|provides?|and|or|under|can|could|you|how|eu|respectively|subject|topic|let|us|see"
    rf"|recite|cover(?:s|ed)?|by|there|action|plan|regulation|law|act|this|that)\b|{MARKS})*+",
    re.IGNORECASE,
)

MENTION = re.compile(
    r"哪[几些一]{0,2}个?(?P<zhkind>条款?|款|条文|地方)(?:里面?|中|之中)?[都还曾有]*"
    r"(?:提到|提及|涉及|讲到|谈到|谈及|说到|出现|含有|包含|写到|用到|要求|强调|规定)"
    r"[了过]?(?P<zh>[^?!。]+)[?!。\s]*(?:(?:分别|各自?|原[话文句]|[前后]面|紧[跟接]|接下来|具体)[^?!。]*[?!。\s]*)?\Z"
    r"|\b(?:which|what) (?P<enkind>article|provision|recital|paragraph)s?\b.*?\b(?:mention|refer to|contain|use)s?\b"
    r"(?: the (?:words?|terms?|phrases?))?\s+(?P<en>[^?!]+)[?!.\s]*\Z",
    re.IGNORECASE,
)
MENTION_WHERE = re.compile(
    r"[\"“「『](?P<zh>[^\"“”「」『』]+)[\"”」』][^?!。]{0,12}?(?:(?:出现|写|提|规定|说|讲|在)[^?!。]{0,4}(?:第几|哪一?)(?P<zhkind>条|款|点)"
    r"|(?:出现|提|说|讲)[到及了过]*[两二三四五六][回次处遍]|[两二三四五六][回次处遍](?:出现|提|说|讲))"
    r"|哪[几些](?P<kind>条款?(?![件例])|款|条文|地方)[^,，;；?？。]{0,6}(?:提|说|讲|谈|涉|写|用)[到及了过]*[\"“「『](?P<said>[^\"“”「」『』]+)[\"”」』]"
)
TITLES = re.compile(
    r"(?:每一?|各|[0-9一二两三四五六七八九十百]+)个?条[款文]?(?:规定)?(?:各自|分别|都|各)?的?(?:标题|题目|名称|名字)|(?:标题|题目)(?:各是|分别)"
    r"|\b(?:titles|headings) of (?:the|all|each|its)\b.*\b(?:articles|points)\b",
    re.IGNORECASE,
)
_BY_ARTICLE = re.compile(r"\b(?:article|annex|recital|regulation|act|law|GDPR)\b", re.IGNORECASE)
_POINT = re.compile(r"\b[Pp]oint(s?)(?= \d)")


def as_articles(question: str) -> str:
    """A question about points of a plan, which are its articles; points of a law are not."""
    return question if _BY_ARTICLE.search(question) else _POINT.sub(r"Article\1", question)
