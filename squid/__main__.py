"""`python -m squid`"""

from squid.cli import main

main()
