"""A chat consumer on Django channels, as its tutorial has it. It asks a database who a client is, once the client is in the room."""

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings

import subwarden

if not settings.configured:
    settings.configure(DATABASES={}, CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()
        self.user = await self.who(self.scope["path"])

    @database_sync_to_async
    def who(self, path):
        return path.rpartition("/")[2]

    async def receive(self, text_data):
        await self.channel_layer.group_send("room", {"type": "said", "text": f"{self.user}: {text_data}"})

    async def said(self, event):
        await self.send(text_data=event["text"])

    async def disconnect(self, code):
        await self.channel_layer.group_send("room", {"type": "said", "text": f"{self.user} has left"})
        await self.channel_layer.group_discard("room", self.channel_name)


async def chat():
    channel_layers.set("default", InMemoryChannelLayer())
    async with subwarden.asgi(Chat.as_asgi()) as client:
        ann = await client.websocket("/ws/ann")
        await client.websocket("/ws/bob", may_vanish=True)
        for said in ("hello", "still there?"):
            await ann.send(said)
            while await ann.receive() != f"ann: {said}":
                pass
