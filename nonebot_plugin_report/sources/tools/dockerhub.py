"""Docker Hub's webhooks, and those of registries that write the same, such as Aliyun's. Pure.

https://docs.docker.com/docker-hub/repos/manage/webhooks/
https://help.aliyun.com/zh/acr/user-guide/manage-webhooks
"""

from typing import Final

from ..base import Fields, Headers, Source, Translated, lines, record, text
from ..wording import first


def _recognise(fields: Fields, headers: Headers) -> bool:
    return bool(record(fields, "push_data") and record(fields, "repository"))


def _translate(fields: Fields, headers: Headers) -> Translated | None:
    if not record(fields, "push_data"):
        return None
    name = first(fields, "repository.repo_name", "repository.repo_full_name", "repository.name")
    person, tag = text(fields, "push_data.pusher"), text(fields, "push_data.tag")
    report_fields: dict[str, object] = {
        "title": f"{f'{person} ' if person else ''}推送了镜像 {name}{f':{tag}' if tag else ''}",
        "content": lines(
            text(fields, "repository.description"), text(fields, "repository.repo_url")
        ),
        "event": "docker.push",
    }
    return Translated(report_fields)


SOURCE: Final = Source("Docker Hub", frozenset({"push_data"}), _recognise, _translate)
