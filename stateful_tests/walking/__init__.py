"""Walks: a person leads one run, choice by choice. `subwarden view` shows them."""
