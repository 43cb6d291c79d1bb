"""Writes the reference page of policies from the rules themselves when the site is built.

mkdocs calls `on_files`; the page exists only in the built site, so it cannot fall behind the code.
"""

import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.policy.rule import ANY_CLOUD, Rule
from infra.policy.rules import RULES
from infra.settings import Environment

_INTRODUCTION = """# Policies

What no stack may be, whoever wrote it. The engine asks the pack at every preview and update:

```bash
pulumi preview --stack aws-prod --policy-pack infra/policy
```

The pack judges by the stack's own settings: its environment, its regions, its budget. A program without them is judged
as production. A rule covers the clouds that stand beside it; where what is to do has other words on one of them, the
message has those. A mandatory rule stops a preview and an update; one that only warns is listed and stops nothing. What
a rule asks of one resource is judged before that resource is made; what only the whole stack shows, at the end of the
preview or the update. A value that a cloud fills in later, as an ARN inside a policy document, is not known at preview:
a rule says nothing of it then, and judges it at the update.

A secret is looked for by shape, by name and by chance. That finds what people paste, not every secret there is.
"""

_TABLE = "| rule | what holds | to mend it | mandatory in | clouds |\n|---|---|---|---|---|"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "reference/policies.md", content=page()))
    return files


def page() -> str:
    return "\n".join([_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for concern, rules in groupby(RULES, key=lambda rule: rule.concern):
        yield f"\n## {concern.capitalize()}\n\n{_TABLE}"
        yield from map(_row, rules)


def _row(rule: Rule) -> str:
    environments = [name for name in get_args(Environment) if rule.mandatory_in(name)]
    clouds = "all" if rule.clouds == (ANY_CLOUD,) else ", ".join(cloud for cloud in rule.clouds if cloud != "pulumi")
    cells = (f"`{rule.name}`", rule.says, _mends(rule), ", ".join(environments), clouds)
    return f"| {' | '.join(escape(cell, quote=False).replace('|', '&#124;') for cell in cells)} |"


def _mends(rule: Rule) -> str:
    """In general, and in the words of each cloud that has its own."""
    return "; ".join([rule.mends, *(f"on {cloud}: {words}" for cloud, words in rule.mends_on.items())])
