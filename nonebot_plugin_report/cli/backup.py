"""The command `backup`: copies all that is stored, while the bot runs."""

from pathlib import Path

from ..errors import NotDone, StoreUnavailable
from ..store.backup import back_up
from .bot import read_config, token_file


def run_backup(file: Path) -> int:
    """Copy what this folder's bot stores.

    Raises:
        ConfigError: a setting is wrong.
        NotDone: the data could not be copied.
    """
    place = read_config().database or token_file().with_name("report.db")
    if not isinstance(place, Path):
        raise NotDone("数据存在 PostgreSQL 里", "用它自己的工具备份：pg_dump 库名 > report.sql")
    try:
        backup = back_up(place, file)
    except StoreUnavailable as error:
        raise NotDone(error.detail) from None
    print(f"✅ 备份好了：{backup.reports} 条推送，{backup.pictures} 张图片，都在 {file}")
    print(".env 和令牌文件（data 文件夹里的 token）不在里面，请另外复制")
    return 0
