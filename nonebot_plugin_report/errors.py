"""Every error of this package.

ReportError
├── ConfigError          a setting is wrong
├── Refused              a report was not accepted; the receiver turns each into an HTTP status
│   ├── InvalidReport
│   ├── UnsupportedMedia
│   ├── BodyTooLarge
│   ├── Forbidden
│   ├── TooManyAttempts
│   ├── Busy
│   └── StoreUnavailable
├── LeaseLost            another process took the lane over
└── Unreadable           a stored row is none that this plugin writes

A message is Chinese, as users read it, and never repeats what was sent to us.
"""


class ReportError(Exception):
    """推送插件出错。"""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class ConfigError(ReportError):
    """设置有误。"""


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


class Busy(Refused):
    """同时进行的推送太多，请稍后重试。"""


class StoreUnavailable(Refused):
    """暂时无法存储，请稍后重试。"""


class LeaseLost(ReportError):
    """另一个进程接管了这条发送队列。"""


class Unreadable(ReportError):
    """存储的内容无法读取，没有发出。"""
