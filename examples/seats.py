"""Shows with few seats and a waiting list: operations that the core model does not have, checked against a custom model."""

SEATS = 1


class Shows:
    """The seated and the waiting clients of each show. `save`, a coroutine function, stores a show's seats."""

    def __init__(self, save):
        self.save = save
        self.seated, self.waiting = {}, {}

    async def join(self, client, show):
        seated, waiting = self.seated.setdefault(show, []), self.waiting.setdefault(show, [])
        if client in seated or client in waiting:
            return "again"
        if len(seated) == SEATS:
            waiting.append(client)
            return "waits"
        seated.append(client)  # before the first await, so no other client can take the seat
        await self.save(show)
        return "seated"

    async def leave(self, client, show):
        seated, waiting = self.seated.get(show, []), self.waiting.get(show, [])
        if client in waiting:
            waiting.remove(client)
        elif client in seated:
            seated.remove(client)
            if waiting:
                seated.append(waiting.pop(0))
            await self.save(show)
        else:
            return False
        return True


class Overbooking(Shows):
    """The same, but it stores the seat before it takes it: two clients may find it free."""

    async def join(self, client, show):
        seated, waiting = self.seated.setdefault(show, []), self.waiting.setdefault(show, [])
        if client in seated or client in waiting:
            return "again"
        if len(seated) == SEATS:
            waiting.append(client)
            return "waits"
        await self.save(show)
        if client in seated:
            return "again"
        seated.append(client)
        return "seated"


class Model:
    """The right behaviour: clients keep the order in which they join, and the first `SEATS` of each show are seated."""

    operations = {"join": ("client", "topic"), "leave": ("client", "topic")}
    initial = frozenset()  # (show, its clients in order)

    def step(self, state, name, arguments):
        client, show = arguments
        came = dict(state).get(show, ())
        if name == "join":
            if client in came:
                return "again", state
            answer, came = "seated" if len(came) < SEATS else "waits", (*came, client)
        else:
            answer, came = client in came, tuple(each for each in came if each != client)
        return answer, frozenset({*((s, c) for s, c in state if s != show), *([(show, came)] if came else [])})

    def shown(self, state):
        return {show: (list(came[:SEATS]), list(came[SEATS:])) for show, came in state}


class Adapter:
    model = Model
    shows = Shows

    def __init__(self, env):
        self.env = env
        self.manager = self.shows(self.save)
        self.join, self.leave = self.manager.join, self.manager.leave

    async def save(self, show):
        await self.env.park(f"save {show}")

    def observe(self):
        seated, waiting = self.manager.seated, self.manager.waiting
        return {show: (list(seated[show]), list(waiting[show])) for show in seated if seated[show] or waiting[show]}


class Overbooked(Adapter):
    shows = Overbooking
