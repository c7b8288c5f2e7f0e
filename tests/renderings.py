# ruff: noqa: E501
"""English sentences on the plan in data/documents, written by hand: by article, true ones and ones with one fact changed.

`kind` is "true", or what was changed. Written after the tables of words of `rag/across.py`, and from no question set.
"""

RENDERINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "1": (
        ("true", "Governments, international organizations, enterprises, research institutes, civil institutions and individual citizens are called on to participate actively."),
        ("true", "The plan calls for accelerating the construction of digital infrastructure."),
        ("true", "The plan promotes the popularization and application of artificial intelligence on a global scale."),
        ("number", "The plan helps to implement the United Nations 2035 Agenda for Sustainable Development."),
        ("subject", "Banks and armies are called on to participate actively."),
        ("negation", "The plan does not call for accelerating the construction of digital infrastructure."),
    ),
    "2": (
        ("true", "All kinds of international platforms for scientific and technological cooperation are to be built."),
        ("true", "Technical barriers are to be lowered and eliminated."),
        ("true", "Policy and regulatory coordination is to be strengthened."),
        ("negation", "Technical barriers must not be lowered."),
        ("item", "All kinds of national platforms for military cooperation are to be built."),
    ),
    "3": (
        ("true", "AI is to empower industrial manufacturing, consumption, medical care, education and agriculture."),
        ("true", "Transnational cooperation in AI applications is to be carried out."),
        ("item", "AI is to empower banking, insurance and fishing."),
        ("modality", "The construction and sharing of intelligent infrastructure is prohibited."),
    ),
    "4": (
        ("true", "The construction of data centers and intelligent computing power is to be accelerated."),
        ("true", "Countries, especially the Global South, are supported in developing AI technologies and applications in light of their national conditions."),
        ("subject", "The European Union is supported in developing AI technologies in light of its national conditions."),
        ("negation", "The Global South is not helped to access and apply artificial intelligence."),
    ),
    "5": (
        ("true", "Duplicate investment and waste of resources are to be avoided."),
        ("true", "The open sharing of development resources such as technical documents and interface documents is to be promoted."),
        ("true", "Transnational open source communities are to be built."),
        ("negation", "Transnational open source communities must not be built."),
        ("item", "The open sharing of state secrets and weapons is to be promoted."),
        ("number", "Three transnational open source communities are to be built."),
    ),
    "6": (
        ("true", "High-quality data sets are to be built through cooperation."),
        ("true", "Personal privacy and data security are to be actively safeguarded."),
        ("true", "Discrimination and prejudice are to be eliminated."),
        ("negation", "Personal privacy and data security are not to be safeguarded."),
        ("item", "Taxes and tariffs are to be eliminated."),
        ("article", "Article 9 states that high-quality data sets are to be built through cooperation."),
    ),
    "7": (
        ("true", "The plan advocates the concept of sustainable AI."),
        ("true", "Energy-efficiency and water-efficiency standards for AI are to be formulated jointly."),
        ("true", "Green computing technologies such as low-power chips and efficient algorithms are promoted."),
        ("item", "Green computing technologies such as quantum batteries are promoted."),
        ("negation", "The plan opposes the concept of sustainable AI."),
        ("number", "By 2030 green computing technologies such as low-power chips are promoted."),
    ),
    "8": (
        ("true", "Algorithmic bias is to be actively eliminated."),
        ("true", "The formulation and revision of technical standards in key areas such as security, industry and ethics is to be accelerated."),
        ("subject", "The World Trade Organization is relied on as an international standards organization."),
        ("negation", "Algorithmic bias is not to be eliminated."),
        ("item", "The formulation of technical standards in key areas such as sport and fashion is to be accelerated."),
    ),
    "9": (
        ("true", "The public sector is to deploy reliable AI first in public services such as medical care, education and transport."),
        ("true", "The safety of these AI systems is to be evaluated regularly."),
        ("true", "Intellectual property rights such as patents and software copyrights are to be respected."),
        ("subject", "Private companies are to deploy AI first in public services such as medical care."),
        ("negation", "The safety of these AI systems is not to be evaluated regularly."),
        ("modality", "The public sector may ignore data and privacy protection."),
        ("number", "The safety of these AI systems is to be evaluated every six months."),
    ),
    "10": (
        ("true", "A testing and evaluation system for AI risks is to be established."),
        ("true", "Classified and graded management is to be explored."),
        ("true", "Investment in research and development of technology is to be increased."),
        ("bound", "Investment in research and development of technology is to be reduced."),
        ("negation", "The misuse and abuse of AI technology is to be encouraged."),
        ("article", "According to Article 4, a testing and evaluation system for AI risks is to be established."),
    ),
    "11": (
        ("true", "The plan supports establishing two mechanisms: an international scientific panel on AI and a global dialogue on AI governance."),
        ("true", "The plan adheres to the United Nations as the main channel."),
        ("number", "The plan supports establishing three mechanisms within the framework of the United Nations."),
        ("subject", "The plan adheres to the World Bank as the main channel."),
        ("name", "The relevant commitments of the Paris Agreement are to be implemented."),
    ),
    "12": (
        ("true", "AI literacy and skills of the public are to be improved together."),
        ("true", "The digital and intelligent rights and interests of women and children are to be protected and strengthened."),
        ("subject", "The digital and intelligent rights and interests of workers and soldiers are to be protected."),
        ("negation", "AI literacy and skills of the public are not to be improved."),
    ),
    "13": (
        ("true", "AI enterprises of all countries are encouraged to carry out dialogue and exchanges."),
        ("true", "Think tanks and international forums are encouraged to build global and regional platforms for exchange and cooperation."),
        ("subject", "Courts and prosecutors are encouraged to build global and regional platforms for exchange and cooperation."),
        ("modality", "AI enterprises of all countries are forbidden to carry out dialogue and exchanges."),
    ),
}  # fmt: skip
