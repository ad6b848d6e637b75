"""Every error of this package.

ReportError
├── ConfigError          a setting is wrong
│   └── MissingExtra     what it needs is not installed
├── Refused              a report was not accepted; the receiver turns each into an HTTP status
│   ├── InvalidReport
│   ├── UnsupportedMedia
│   ├── BodyTooLarge
│   ├── Forbidden
│   ├── TooManyAttempts
│   ├── TooManyReports
│   ├── Busy
│   └── StoreUnavailable
│       ├── DiskFull
│       └── StoreInUse   another process has it
├── NotFound             what a client asks for is not there
├── NotDone              the running bot did not do what a command asked of it
│   └── Misused          the command was not written as it must be
├── LeaseLost            another process took the lane over
└── Unreadable           a stored row is none that this plugin writes

A message is Chinese, as users read it, and never repeats what was sent to us.
"""

import errno
import math
from pathlib import Path
from typing import Final

_REASONS: Final = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EEXIST: "已经有一个同名的文件",
    errno.ENOTDIR: "路径中间有一个同名的文件，不是文件夹",
    errno.EISDIR: "它是文件夹，不是文件",
    errno.ENOSPC: "磁盘满了",
    errno.EFBIG: "文件不能更大了",
    errno.EIO: "磁盘读写出错",
    errno.EROFS: "磁盘是只读的",
    errno.EADDRINUSE: "端口被占用",
    errno.EADDRNOTAVAIL: "这台电脑没有这个地址",
}


def os_reason(error: OSError) -> str:
    """Why the operating system refused something, in Chinese as far as it is known."""
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__


class ReportError(Exception):
    """推送插件出错。"""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class ConfigError(ReportError):
    """设置有误。"""

    def __init__(self, text: str = "", *, detail: str = "") -> None:
        """`text` is shown to every client; `detail`, which may name folders, to the owner only."""
        super().__init__(text)
        self.detail: Final = detail or str(self)


class MissingExtra(ConfigError, ValueError):
    """需要另外安装。"""


def no_data_folder(error: OSError | RuntimeError) -> ConfigError:
    """The folder for data cannot be made, or written to; localstore raises either."""
    if isinstance(error, OSError):
        folder, why = f" {error.filename or ''}", os_reason(error)
    else:
        folder, why = "", "那里有一个同名的文件"
    advice = "改好它，或在 .env 里设置 LOCALSTORE_DATA_DIR=另一个文件夹"
    return ConfigError(
        f"用不了数据文件夹：{why}；{advice}", detail=f"用不了数据文件夹{folder}：{why}；{advice}"
    )


class Refused(ReportError):
    """没有收下这条推送。"""


class InvalidReport(Refused):
    """推送的内容有误。"""

    def __init__(self, field: str, reason: str) -> None:
        """`field` is the report's field (`body` for the whole), `reason` says what was expected."""
        super().__init__(f"{field}：{reason}")
        self.field = field


class UnsupportedMedia(Refused):
    """没有设置 REPORT_TOKEN 时只接受 Content-Type: application/json。"""


class BodyTooLarge(Refused):
    """请求体超过了 REPORT_MAX_BODY。"""


class Forbidden(Refused):
    """令牌缺失或不正确。"""


class TooManyAttempts(Refused):
    """错误的令牌太多，请稍后再试。"""

    def __init__(self, retry_after: float) -> None:
        """`retry_after`: seconds until the address may try again."""
        super().__init__()
        self.retry_after = retry_after


class TooManyReports(Refused):
    """发得太多，超过了这个令牌的频率限制。"""

    def __init__(self, retry_after: float) -> None:
        """`retry_after`: seconds until the token may send again."""
        minutes = math.ceil(retry_after / 60)
        super().__init__(f"发得太多，超过了这个令牌的频率限制；{minutes} 分钟后再试")
        self.retry_after = retry_after


class Busy(Refused):
    """同时进行的推送太多，请稍后重试。"""


class StoreUnavailable(Refused):
    """暂时无法存储，请稍后重试。"""

    def __init__(self, reason: str = "", *, file: Path | None = None) -> None:
        """`reason` is shown to every client; `file`, what it is about, to the owner only."""
        super().__init__(reason)
        self.file = file

    @property
    def detail(self) -> str:
        """The reason as the log and the owner read it, with the file's path."""
        return str(self) if self.file is None else f"{self}（{self.file}）"


class StoreInUse(StoreUnavailable):
    """另一个进程正在使用数据库。"""


class DiskFull(StoreUnavailable):
    """磁盘满了，请清出空间。"""


class NotFound(ReportError):
    """没有这个。"""


class NotDone(ReportError):
    """运行中的机器人没有做到要它做的事。"""

    def __init__(self, text: str, advice: str = "") -> None:
        """`text` says what went wrong, `advice` what to do about it."""
        super().__init__(f"{text}；{advice}" if advice else text)
        self.text = text
        self.advice = advice


class Misused(NotDone):
    """命令写得不对。"""


class LeaseLost(ReportError):
    """另一个进程接管了这条发送队列。"""


class Unreadable(ReportError):
    """存储的内容无法读取，没有发出。"""
