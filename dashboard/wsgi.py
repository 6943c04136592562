"""Entry point of a WSGI server: `gunicorn dashboard.wsgi:app`, with settings from the environment."""

from dashboard.app import create_app

app = create_app().server
