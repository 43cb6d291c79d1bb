import shlex
from pathlib import Path

from services.tasks import server_config

CONFIG = server_config(folder=Path('/data/a "b"'), port=6390, password="open sesame", memory_gib=0.5)
LINES = dict(line.split(" ", 1) for line in CONFIG.splitlines())


def test_an_answer_leaves_only_after_the_task_is_on_disk():
    assert LINES["appendonly"] == "yes"
    assert LINES["appendfsync"] == "always"
    assert LINES["no-appendfsync-on-rewrite"] == "no"


def test_nothing_is_evicted_when_the_memory_is_full():
    assert LINES["maxmemory-policy"] == "noeviction"
    assert LINES["maxmemory"] == str(512 * 1024 * 1024)


def test_it_listens_on_loopback_alone():
    assert LINES["bind"] == "127.0.0.1"
    assert LINES["protected-mode"] == "yes"


def test_the_password_is_not_in_the_file():
    assert "open sesame" not in CONFIG


def test_its_user_cannot_administer_the_server_nor_reach_other_keys():
    rules = LINES["user"].split()
    assert {"-@admin", "-@dangerous"} <= set(rules)
    assert [rule for rule in rules if rule.startswith("~")] == ["~{slipway}:*"]


def test_a_folder_with_spaces_and_quotes_is_one_word():
    assert shlex.split(LINES["dir"]) == ['/data/a "b"']
