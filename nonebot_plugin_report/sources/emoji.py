"""The emojis of the tags that tools give to ntfy, by the names that it has for them. Pure.

https://docs.ntfy.sh/emojis/ has all 1,800; these are what monitors, backups and scripts use.
"""

from typing import Final

_NAMES: Final = (
    "👍 +1|👎 -1|⏰ alarm_clock|🚑 ambulance|🎨 art|🚀 rocket|👶 baby|🔙 back|🎈 balloon"
    "|☑️ ballot_box_with_check|‼️ bangbang|🏦 bank|📊 bar_chart|🔋 battery|🛁 bathtub|🔔 bell"
    "|🚲 bike|🎂 birthday|⚫ black_circle|⬛ black_large_square|🔵 blue_circle"
    "|🔵 large_blue_circle|💣 bomb|📚 books|🔖 bookmark|💥 boom|🤖 robot|🐛 bug|🏢 building|💡 bulb"
    "|🚌 bus|📅 calendar|📷 camera|🚗 car|📇 card_index|🗃️ card_file_box|🐱 cat|💿 cd|📀 dvd"
    "|📉 chart_with_downwards_trend|📈 chart_with_upwards_trend|✅ white_check_mark"
    "|✔️ heavy_check_mark|🏁 checkered_flag|🎬 clapper|📋 clipboard|🕐 clock1|☁️ cloud"
    "|🌩️ cloud_with_lightning|🌧️ cloud_with_rain|☕ coffee|💻 computer|🖥️ desktop_computer"
    "|🎊 confetti_ball|🚧 construction|👷 construction_worker|🔴 red_circle|🟢 green_circle"
    "|🟡 yellow_circle|🟠 orange_circle|🟣 purple_circle|⚪ white_circle|🟥 red_square"
    "|🟩 green_square|🟨 yellow_square|🟧 orange_square|🕹️ joystick|💀 skull"
    "|☠️ skull_and_crossbones|👻 ghost|💳 credit_card|😢 cry|😭 sob|🛢️ oil_drum|🌀 cyclone"
    "|🎯 dart|💨 dash|🗓️ spiral_calendar|🐶 dog|💵 dollar|🚪 door|🐬 dolphin|💧 droplet|👂 ear"
    "|🌍 earth_africa|🌏 earth_asia|🌎 earth_americas|📧 email|📧 e-mail|✉️ envelope"
    "|❗ exclamation|❗ heavy_exclamation_mark|❕ grey_exclamation|👀 eyes|🤦 facepalm|🏭 factory"
    "|📠 fax|🎆 fireworks|🔥 fire|🚒 fire_engine|🧯 fire_extinguisher|🐟 fish|💾 floppy_disk"
    "|🌫️ fog|📁 file_folder|📂 open_file_folder|🗄️ file_cabinet|⚽ soccer|⛽ fuelpump"
    "|🎮 video_game|🎲 game_die|⚙️ gear|💎 gem|🎁 gift|🌐 globe_with_meridians|🔨 hammer"
    "|🛠️ hammer_and_wrench|❤️ heart|💔 broken_heart|✖️ heavy_multiplication_x"
    "|➕ heavy_plus_sign|➖ heavy_minus_sign|🐴 horse|🏥 hospital|⌛ hourglass"
    "|⏳ hourglass_flowing_sand|🏠 house|🏡 house_with_garden|📥 inbox_tray|📤 outbox_tray"
    "|♾️ infinity|ℹ️ information_source|🔑 key|⌨️ keyboard|🏷️ label|📢 loudspeaker|📣 mega"
    "|🔒 lock|🔓 unlock|🔐 closed_lock_with_key|🔍 mag|🔎 mag_right|📫 mailbox"
    "|📬 mailbox_with_mail|📝 memo|📝 pencil|✏️ pencil2|🎤 microphone|🔬 microscope|💰 moneybag"
    "|💸 money_with_wings|🐒 monkey|🌙 crescent_moon|🎥 movie_camera|🎵 musical_note|🎶 notes"
    "|📰 newspaper|⛔ no_entry|🚫 no_entry_sign|🛑 stop_sign|📓 notebook|👌 ok_hand|🆗 ok|🆕 new"
    "|🆙 up|🆘 sos|📦 package|📄 page_facing_up|📃 page_with_curl|📎 paperclip|🥳 partying_face"
    "|⏸️ pause_button|▶️ arrow_forward|⏹️ stop_button|⏩ fast_forward|🔁 repeat"
    "|🔄 arrows_counterclockwise|🔃 arrows_clockwise|⬆️ arrow_up|⬇️ arrow_down|➡️ arrow_right"
    "|⬅️ arrow_left|🐧 penguin|📱 iphone|☎️ phone|☎️ telephone|📞 telephone_receiver|🐷 pig"
    "|💊 pill|📌 pushpin|📍 round_pushpin|🔌 electric_plug|🚓 police_car|🚨 rotating_light|💩 poop"
    "|🙏 pray|🖨️ printer|❓ question|❔ grey_question|🐰 rabbit|📻 radio|🌈 rainbow|♻️ recycle"
    "|🎗️ reminder_ribbon|💍 ring|📡 satellite|🏫 school|✂️ scissors|📜 scroll|🛡️ shield"
    "|🚿 shower|😀 grinning|😄 smile|😃 smiley|😊 blush|😂 joy|😉 wink|😎 sunglasses|😍 heart_eyes"
    "|😕 confused|😡 rage|😠 angry|😱 scream|😨 fearful|😴 sleeping|🤔 thinking|🤷 shrug"
    "|🙁 frowning_face|🐍 snake|❄️ snowflake|⛄ snowman|🔉 sound|🔇 mute|🔊 loud_sound|✨ sparkles"
    "|🗣️ speaking_head|💬 speech_balloon|⏱️ stopwatch|⏲️ timer_clock|⌚ watch|☀️ sunny"
    "|🌡️ thermometer|🎉 tada|🍵 tea|🔭 telescope|🎫 ticket|🚽 toilet|🔧 wrench|🪛 screwdriver"
    "|🧰 toolbox|🧪 test_tube|🚆 train|🚋 tram|🚚 truck|🗑️ wastebasket|🚩 triangular_flag_on_post"
    "|🏆 trophy|📺 tv|☂️ open_umbrella|☔ umbrella|🦄 unicorn|🔞 underage|📼 vhs|📹 video_camera"
    "|⚠️ warning|👋 wave|🌊 ocean|🏊 swimmer|🌬️ wind_face|❎ negative_squared_cross_mark|❌ x"
    "|⚡ zap|💤 zzz|💯 100|🪫 low_battery|🧨 firecracker|👏 clap|💪 muscle|👉 point_right"
    "|👆 point_up_2|⭐ star|🌟 star2|🍕 pizza|🍺 beer|🥇 1st_place_medal"
    "|⛈️ cloud_with_lightning_and_rain|🌪️ tornado|🌱 seedling|🌳 deciduous_tree|🌻 sunflower"
    "|🐝 bee|🐳 whale|🐋 whale2|🐙 octopus|🐢 turtle|🦊 fox_face|🐻 bear|🐼 panda_face"
)
EMOJIS: Final = {
    name: emoji for emoji, _, name in (entry.partition(" ") for entry in _NAMES.split("|"))
}
"""Emojis by the name of the tag."""
