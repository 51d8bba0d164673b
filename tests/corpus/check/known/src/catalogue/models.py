"""The tables of the catalogue, for the scripts in Python."""
import os
from datetime import datetime

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Mod(Base):
    __tablename__ = "mods"

    id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    status: Mapped[str]


class Favorite(Base):
    __tablename__ = "favorites"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    mod_id: Mapped[str] = mapped_column(ForeignKey("mods.id"), primary_key=True)
    created_at: Mapped[datetime]


class DeletedItem(Base):
    __tablename__ = "deleted_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[str]


def open_session() -> Session:
    return Session(create_engine(os.environ["DATABASE_URL"]))
