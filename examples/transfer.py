"""Money between accounts: a deadlock, a race between check and act, and a transfer that a time-out cuts in two."""

import asyncio
from contextlib import suppress

import subwarden


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = asyncio.Lock()


async def move(source, target, amount):
    async with source.lock:
        await asyncio.sleep(0.01)  # asks the bank of the source
        async with target.lock:
            source.balance -= amount
            await asyncio.sleep(0.01)  # tells the bank of the target
            target.balance += amount


async def both_ways():
    ann, bob = Account(100), Account(100)
    await asyncio.gather(move(ann, bob, 10), move(bob, ann, 20))


async def cut_in_two():
    ann, bob = Account(100), Account(100)
    with suppress(asyncio.CancelledError):
        await subwarden.may_cancel(move(ann, bob, 10))
    assert ann.balance + bob.balance == 200, "money is lost"


async def withdraw(account, amount):
    if account.balance >= amount:
        await asyncio.sleep(0)  # writes a receipt
        account.balance -= amount


async def overdrawn():
    account = Account(100)
    subwarden.always(lambda: account.balance >= 0, "the balance is never below zero")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(withdraw(account, subwarden.choose([10, 40, 60])))
        tasks.create_task(withdraw(account, subwarden.choose([10, 40, 60])))
