/* Where the program may connect to on behalf of what a person typed: public addresses only, unless the administrator
 * allowed more. */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

/* False for everything that is not an ordinary public unicast address of IPv4 or IPv6: loopback, private, link-local
 * (cloud metadata), carrier NAT, multicast, unspecified, documentation and the like, also when an IPv4 address is
 * written inside of an IPv6 one. Source: the IANA special-purpose address registries (RFC 6890 and its updates). */
bool address_public(const struct sockaddr *address);
/* "127.0.0.1", for messages; out holds INET6_ADDRSTRLEN bytes or more. */
void address_text(const struct sockaddr *address, char *out, size_t size);
