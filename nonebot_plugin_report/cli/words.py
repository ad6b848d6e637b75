"""Writes outcomes in words."""

from ..model.delivery import Away, Delivered, NotSent, Outcome, Rejected, Unknown


def tell(outcome: Outcome) -> str:
    """Write an outcome in Chinese."""
    match outcome:
        case Delivered(note):
            return f"已送达，但{note}" if note else "已送达"
        case NotSent(reason, retry_after):
            wait = f"（{retry_after:.0f} 秒后可以再试）" if retry_after else ""
            return f"没有发出：{reason}{wait}"
        case Away(reason) | Rejected(reason):
            return f"没有发出：{reason}"
        case Unknown(reason):
            return f"不知道有没有送到：{reason}"


def line(name: str, outcome: Outcome) -> str:
    """Write a name and its outcome, with a mark (Chinese)."""
    return f"{'✅' if isinstance(outcome, Delivered) else '❌'} {name}：{tell(outcome)}"
