"""The messages of contract version 1 as models: what a station publishes and what it listens to.

For tests, for `python -m tramdo.contract` and for whoever wants to parse with them. The daemon
builds its messages without them and never imports this package: no station waits for a model.
"""

from tramdo.contract.schemas import MESSAGES, schema, write
from tramdo.contract.topics import NoSuchTopic, Topic, topic_of

__all__ = ["MESSAGES", "NoSuchTopic", "Topic", "schema", "topic_of", "write"]
