# SPDX-License-Identifier: Apache-2.0
"""What the demos print: numbered steps, what came of each, and the evidence, so that a person can follow."""
import textwrap


class Teller:
    def __init__(self):
        self.number = 0

    def step(self, title):
        self.number += 1
        print(f"\n{self.number}. {title}", flush=True)

    def say(self, text):
        print(textwrap.fill(text, 116, initial_indent="   ", subsequent_indent="   ", break_long_words=False,
                            break_on_hyphens=False), flush=True)

    def show(self, lines):
        for line in lines:
            print("     " + line, flush=True)
