"""The rooms of python-socketio's AsyncServer, as the topics of the core model (docs/examples.md).

Server, manager of rooms and Engine.IO's sockets are the package's own. Two parts are fakes. There is no HTTP and no heartbeat: a client's
posts go straight to its Engine.IO socket, and its polls read that socket's queue. And there is a store, in which the application's
handlers look up clients that connect and record those that leave.
"""

import asyncio
import json
import logging

import socketio
from engineio.async_socket import AsyncSocket
from engineio.packet import CLOSE, MESSAGE, Packet

SILENT = logging.Logger("silent", logging.CRITICAL + 1)  # Engine.IO logs what a handler raises


class Adapter:
    server = socketio.AsyncServer

    def __init__(self, env):
        self.env = env
        self.sio = self.server(async_mode="asgi", logger=SILENT, engineio_logger=SILENT)
        self.sio.on("connect", self.signed_in)
        self.sio.on("disconnect", self.signed_out)
        self.sids = {}  # of the connected clients, as the application knows them
        self.sockets = {}
        self.posting = {}  # (client, packet type) -> its lock
        self.inbox = {}

    # --- the application

    async def signed_in(self, sid, environ):
        await self.env.park(f"who: {environ['client']}")
        self.sids[environ["client"]] = sid

    async def signed_out(self, sid, reason):
        client = self.sio.get_environ(sid)["client"]
        try:
            await self.env.park(f"away: {client}", may_fail=ConnectionError)
        finally:
            self.sids.pop(client, None)

    # --- the clients

    async def connect(self, client):
        """The client shakes hands and posts a connect to the default namespace."""
        if self.env.closed(client):
            return
        if client not in self.sockets:
            socket = self.sockets[client] = self.sio.eio.sockets[client] = AsyncSocket(self.sio.eio, client)
            socket.last_ping = None
            await self.sio.eio._trigger_event("connect", client, {"client": client})
        await self.posts(client, Packet(MESSAGE, "0"))

    async def disconnect(self, client):
        """The client posts a disconnect."""
        if client in self.sockets:
            await self.posts(client, Packet(CLOSE))

    async def posts(self, client, packet):
        """A client waits for the answer before it posts the same packet again."""
        async with self.posting.setdefault((client, packet.packet_type), asyncio.Lock()):
            await self.sockets[client].receive(packet)

    # --- the rooms

    async def subscribe(self, client, topic):
        if client not in self.sids:
            return False
        try:
            await self.sio.enter_room(self.sids[client], topic)
        except (KeyError, ValueError):  # the session has ended
            return False
        return True

    async def unsubscribe(self, client, topic):
        if client in self.sids:
            await self.sio.leave_room(self.sids[client], topic)

    async def publish(self, topic, message):
        await self.sio.emit("news", message, to=topic)

    async def teardown(self, topic):
        await self.sio.close_room(topic)

    def observe(self):
        rooms, sessions = self.sio.manager.rooms.get("/", {}), set()
        for members in rooms.values():
            sessions.update(members)  # each has a room of its own as well
        named = {room: members for room, members in rooms.items() if room is not None and room not in sessions}
        return {(client, room) for room, members in named.items() for client in members.values()}

    def delivered(self):
        for client, socket in self.sockets.items():
            while not socket.queue.empty():
                packet = socket.queue.get_nowait()
                if packet.packet_type == MESSAGE and packet.data.startswith("2"):  # an event of Socket.IO
                    self.inbox.setdefault(client, []).append(json.loads(packet.data[1:])[1])
        return self.inbox
