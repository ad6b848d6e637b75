"""What builds, and what keeps the images."""

from typing import Any, Final

from nonebot_plugin_report.model.report import Result

from .base import Hook

JSON = dict[str, Any]
_REPOSITORY: Final[JSON] = {
    "full_name": "octo/hello", "links": {"html": {"href": "https://bb.example/octo/hello"}},
}  # fmt: skip
_BASE: Final[JSON] = {"actor": {"display_name": "Mona"}, "repository": _REPOSITORY}
_PULL: Final[JSON] = {
    "id": 2, "title": "修好首页", "description": "打开不再是空的",
    "source": {"branch": {"name": "fix"}}, "destination": {"branch": {"name": "main"}},
    "links": {"html": {"href": "https://bb.example/pr/2"}},
}  # fmt: skip
_NAME: Final[JSON] = {"name": "main", "type": "branch"}


def _key(event: str) -> dict[str, str]:
    return {"x-event-key": event}


BITBUCKET: Final = [
    Hook(
        {
            **_BASE,
            "push": {
                "changes": [
                    {
                        "new": _NAME, "old": _NAME, "created": False, "closed": False,
                        "forced": False,
                        "commits": [{"hash": "9c1a2b3d4e", "message": "修好首页\n",
                                     "author": {"raw": "Mona"}}],
                    }
                ]
            },
        },
        "octo/hello：Mona 推送了 1 个提交到分支 main",
        "9c1a2b3 修好首页（Mona）\nhttps://bb.example/octo/hello",
        event="bitbucket.repo.push",
        headers=_key("repo:push"),
    ),
    Hook(
        {
            "actor": {"displayName": "Mona"}, "eventKey": "repo:refs_changed",
            "repository": {"slug": "hello"},
            "changes": [
                {"ref": {"displayId": "v1", "type": "TAG"}, "type": "ADD"},
                {"ref": {"displayId": "old", "type": "BRANCH"}, "type": "DELETE"},
            ],
        },
        "hello：Mona 改了 2 个分支",
        "推送了新标签 v1\n删除了分支 old",
    ),
    Hook(
        {**_BASE, "pullrequest": _PULL},
        "octo/hello：Mona 打开了 PR #2 修好首页",
        "fix → main\n打开不再是空的\nhttps://bb.example/pr/2",
        headers=_key("pullrequest:created"),
    ),
    Hook(
        {**_BASE, "pullrequest": {**_PULL, "reason": "不要"}},
        "octo/hello：Mona 拒绝了 PR #2 修好首页",
        "fix → main\n原因：不要\nhttps://bb.example/pr/2",
        headers=_key("pullrequest:rejected"),
    ),
    Hook(
        {
            "actor": {"displayName": "Mona"}, "eventKey": "pr:merged",
            "pullRequest": {
                "id": 3, "title": "改名", "fromRef": {"displayId": "name"},
                "toRef": {"displayId": "main", "repository": {"slug": "hello"}},
                "links": {"self": [{"href": "https://bb.example/pr/3"}]},
            },
        },
        "hello：Mona 合并了 PR #3 改名",
        "name → main\nhttps://bb.example/pr/3",
    ),
    Hook(
        {**_BASE, "issue": {"id": 1, "title": "首页是空的", "content": {"raw": "打开就是空的"}}},
        "octo/hello：Mona 打开了 issue #1 首页是空的",
        "打开就是空的\nhttps://bb.example/octo/hello",
        headers=_key("issue:created"),
    ),
    Hook(
        {
            **_BASE,
            "commit_status": {
                "name": "单元测试", "state": "FAILED", "description": "红了",
                "url": "https://ci.example/1",
            },
        },
        "octo/hello：单元测试 失败了",
        "红了\nhttps://ci.example/1",
        Result.FAIL,
        headers=_key("repo:commit_status_updated"),
    ),
    Hook(
        {**_BASE, "pullrequest": _PULL},
        "octo/hello：Mona pullrequest:spun 修好首页",
        "fix → main\nhttps://bb.example/pr/2",
        headers=_key("pullrequest:spun"),
    ),
    Hook(
        {
            **_BASE, "commit": {"hash": "9c1a2b3d4e5f60718293a4b5c6d7e8f901234567"},
            "comment": {
                "content": {"raw": "这里写错了"},
                "links": {"html": {"href": "https://bb.example/commits/9c1a2b3#comment-1"}},
            },
        },
        "octo/hello：Mona 评论了提交 9c1a2b3",
        "这里写错了\nhttps://bb.example/commits/9c1a2b3#comment-1",
        headers=_key("repo:commit_comment_created"),
    ),
]  # fmt: skip
AZURE: Final = [
    Hook(
        {
            "id": "4a5d99d6", "eventType": "build.complete", "publisherId": "tfs",
            "message": {"text": "Build 7 failed"},
            "detailedMessage": {"text": "Build 7 failed\r\n- 编译不过"},
            "resource": {
                "result": "failed", "startTime": "2026-11-24T12:00:00.83Z",
                "finishTime": "2026-11-24T12:02:00.83Z",
                "_links": {"web": {"href": "https://dev.example/b/7"}},
            },
        },
        "构建结束：Build 7 failed",
        "Build 7 failed\n- 编译不过\nhttps://dev.example/b/7",
        Result.FAIL,
        "azure.build.complete",
    ),
    Hook(
        {
            "eventType": "git.push", "publisherId": "tfs",
            "message": {"text": "Mona pushed updates to hello:main"}, "resource": {},
        },
        "推送：Mona pushed updates to hello:main",
    ),
    Hook(
        {
            "eventType": "ms.vss-pipelines.run-state-changed-event", "publisherId": "pipelines",
            "message": {"text": "Run 7 succeeded"}, "resource": {"run": {"result": "succeeded"}},
        },
        "流水线的状态变了：Run 7 succeeded",
        result=Result.SUCCESS,
    ),
]  # fmt: skip
_BUILD: Final[JSON] = {
    "number": 12, "status": "failure", "link": "https://drone.example/12", "message": "修\n\n略",
    "author_login": "mona", "target": "main", "started": 1796043700, "finished": 1796043756,
}  # fmt: skip
DRONE: Final = [
    Hook(
        {"event": "build", "action": "updated", "repo": {"slug": "octo/hello"}, "build": _BUILD},
        "octo/hello：构建 #12 失败了",
        "分支 main\n修\n由 mona 触发\nhttps://drone.example/12",
        Result.FAIL,
        "drone.build",
    ),
    Hook(
        {
            "event": "build", "repo": {"slug": "octo/hello"},
            "build": {**_BUILD, "status": "success"},
        },
        "octo/hello：构建 #12 成功了",
        "分支 main\n修\n由 mona 触发\nhttps://drone.example/12",
        Result.SUCCESS,
    ),
]  # fmt: skip


def _jenkins(phase: str, status: str, **build: Any) -> JSON:
    return {
        "name": "nightly", "display_name": "每日构建", "url": "job/nightly/",
        "build": {
            "full_url": "https://ci.example/18/", "number": 18, "phase": phase, "status": status,
            **build,
        },
    }  # fmt: skip


JENKINS: Final = [
    Hook(
        _jenkins(
            "COMPLETED", "FAILURE", duration=90_000,
            scm={"branch": "origin/main", "culprits": ["mona", "bob"]},
        ),
        "每日构建 #18 失败了",
        "分支 origin/main\n改动的人：mona、bob\nhttps://ci.example/18/",
        Result.FAIL,
        "jenkins.completed",
    ),
    Hook(_jenkins("FINALIZED", "UNSTABLE"), "每日构建 #18 不稳定", "https://ci.example/18/",
         Result.PARTIAL),
    Hook(_jenkins("STARTED", "SUCCESS"), "每日构建 #18 开始了", "https://ci.example/18/"),
]  # fmt: skip
DOCKER: Final = [
    Hook(
        {
            "push_data": {"pusher": "mona", "tag": "latest", "pushed_at": 1796043756},
            "repository": {"repo_name": "octo/hello", "repo_url": "https://hub.example/octo/hello"},
            "callback_url": "https://hub.example/hook/1",
        },
        "mona 推送了镜像 octo/hello:latest",
        "https://hub.example/octo/hello",
        event="docker.push",
    ),
    Hook(
        {
            "push_data": {"digest": "sha256:1", "tag": "v1"},
            "repository": {"name": "hello", "repo_full_name": "octo/hello"},
        },
        "推送了镜像 octo/hello:v1",
    ),
]  # fmt: skip
HARBOR: Final = [
    Hook(
        {
            "type": "PUSH_ARTIFACT", "occur_at": 1796043756, "operator": "mona",
            "event_data": {
                "resources": [{"tag": "v1", "resource_url": "hub.example/octo/hello:v1"}],
                "repository": {"repo_full_name": "octo/hello"},
            },
        },
        "mona 推送了镜像 octo/hello:v1",
        "hub.example/octo/hello:v1",
        event="harbor.push_artifact",
    ),
    Hook(
        {
            "type": "SCANNING_FAILED", "operator": "auto",
            "event_data": {
                "resources": [
                    {"tag": "v1", "scan_overview": {"application/vnd; v=1.1": {"severity": "High"}}}
                ],
                "repository": {"repo_full_name": "octo/hello"},
            },
        },
        "auto 扫描失败 octo/hello:v1",
        "漏洞：High",
        Result.FAIL,
    ),
    Hook(
        {
            "type": "SCANNING_COMPLETED", "operator": "auto",
            "event_data": {
                "resources": [
                    {
                        "tag": "v2",
                        "scan_overview": {
                            "application/vnd.sbom": {"scan_status": "Success"},
                            "application/vnd.report": {"severity": "Critical"},
                        },
                    }
                ],
                "repository": {"repo_full_name": "octo/hello"},
            },
        },
        "auto 扫描完成 octo/hello:v2",
        "漏洞：Critical",
        Result.SUCCESS,
    ),
]  # fmt: skip
