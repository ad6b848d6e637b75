"""A notification service by the Desktop Notifications specification."""

from typing import Annotated, Any

from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

Strings = Annotated[list[str], DBusSignature("as")]
Options = Annotated[dict[str, Any], DBusSignature("a{sv}")]
Server = Annotated[tuple[str, str, str, str], DBusSignature("ssss")]


class Notifications(ServiceInterface):
    """Keeps what it is asked to show."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.shown: list[dict[str, Any]] = []

    @dbus_method()
    def GetCapabilities(self) -> Strings:  # noqa: N802 - D-Bus's name
        return ["body", "body-images"]

    @dbus_method()
    def GetServerInformation(self) -> Server:  # noqa: N802 - D-Bus's name
        return ("test", "test", "1", "1.2")

    @dbus_method()
    def Notify(  # noqa: N802 - D-Bus's name and arguments
        self,
        app_name: DBusStr,
        replaces_id: DBusUInt32,
        app_icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: Strings,
        hints: Options,
        expire_timeout: DBusInt32,
    ) -> DBusUInt32:
        self.shown.append({"app_name": app_name, "summary": summary, "body": body, "hints": hints})
        return len(self.shown)
