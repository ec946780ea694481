"""A chat on FastAPI, whose manager of connections is the one in FastAPI's documentation; and the same with one that is careful."""

from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect


class ConnectionManager:
    def __init__(self):
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket):
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket):
        self.active_connections.remove(websocket)

    async def broadcast(self, message: str):
        for connection in self.active_connections:
            await connection.send_text(message)


class Careful(ConnectionManager):
    async def broadcast(self, message: str):
        for connection in list(self.active_connections):
            with suppress(WebSocketDisconnect, RuntimeError):  # it has gone, and its own endpoint will say so
                await connection.send_text(message)


def chat(manager):
    app = FastAPI()

    @app.websocket("/ws/{client_id}")
    async def endpoint(websocket: WebSocket, client_id: str):
        await manager.connect(websocket)
        try:
            while True:
                data = await websocket.receive_text()
                await manager.broadcast(f"{client_id}: {data}")
        except WebSocketDisconnect:
            manager.disconnect(websocket)
            await manager.broadcast(f"{client_id} has left")

    return app


app = chat(ConnectionManager())
careful = chat(Careful())
