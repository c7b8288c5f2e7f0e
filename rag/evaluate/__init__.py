"""evaluate: questions -> results -> metrics -> report, the third way the program is used.

    questions.read_questions -> run.run -> metrics.summary -> report.write;  compare.compare for two runs

It answers nothing itself: `run` asks an Engine.
"""
