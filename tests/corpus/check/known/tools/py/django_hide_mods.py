import os

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}},
)
django.setup()

from django.db import models  # noqa: E402


class Mod(models.Model):
    id = models.TextField(primary_key=True)
    status = models.TextField()

    class Meta:
        app_label = "catalogue"
        db_table = "mods"


class Review(models.Model):
    id = models.TextField(primary_key=True)
    stars = models.IntegerField()

    class Meta:
        app_label = "catalogue"
        db_table = "reviews"


hidden = Mod.objects.filter(status="DRAFT").update(status="ARCHIVED")
_, per_model = Review.objects.filter(stars=0).delete()
print(hidden, per_model)
