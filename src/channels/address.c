#include "channels/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct range4 {
    uint32_t first;
    int bits;
};
#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const struct range4 closed4[] = {
    {V4(0, 0, 0, 0), 8},        /* this network; Linux takes 0.0.0.0 for the machine itself */
    {V4(10, 0, 0, 0), 8},       /* private */
    {V4(100, 64, 0, 0), 10},    /* carrier NAT; metadata of some clouds */
    {V4(127, 0, 0, 0), 8},      /* loopback */
    {V4(168, 63, 129, 16), 32}, /* a cloud's wire server: public in form, local in fact */
    {V4(169, 254, 0, 0), 16},   /* link-local; metadata of most clouds */
    {V4(172, 16, 0, 0), 12},    /* private */
    {V4(192, 0, 0, 0), 24},     /* protocol assignments; metadata of one cloud */
    {V4(192, 0, 2, 0), 24},     /* documentation */
    {V4(192, 88, 99, 0), 24},   /* former 6to4 relays */
    {V4(192, 168, 0, 0), 16},   /* private */
    {V4(198, 18, 0, 0), 15},    /* benchmarks */
    {V4(198, 51, 100, 0), 24},  /* documentation */
    {V4(203, 0, 113, 0), 24},   /* documentation */
    {V4(224, 0, 0, 0), 4},      /* multicast */
    {V4(240, 0, 0, 0), 4},      /* reserved, broadcast */
};

static bool public4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof closed4 / sizeof *closed4; i++)
        if ((ip ^ closed4[i].first) >> (32 - closed4[i].bits) == 0)
            return false;
    return true;
}

struct range6 {
    uint8_t first[16];
    int bits;
};
/* Within 2000::/3, which is all that has been given out for public unicast. */
static const struct range6 closed6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments: Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: any IPv4 address inside */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static bool within(const uint8_t *ip, const uint8_t *first, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    return memcmp(ip, first, (size_t)whole) == 0 && (!rest || (ip[whole] ^ first[whole]) >> (8 - rest) == 0);
}

static bool public6(const uint8_t *ip)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff}, nat64[16] = {0, 0x64, 0xff, 0x9b};
    static const uint8_t global[16] = {0x20};
    if (within(ip, mapped, 96) || within(ip, nat64, 96)) /* the IPv4 address inside is what is reached */
        return public4(V4(ip[12], ip[13], ip[14], ip[15]));
    if (!within(ip, global, 3))
        return false;
    for (size_t i = 0; i < sizeof closed6 / sizeof *closed6; i++)
        if (within(ip, closed6[i].first, closed6[i].bits))
            return false;
    return true;
}

bool address_public(const struct sockaddr *address)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    switch (address->sa_family) {
    case AF_INET:
        memcpy(&in4, address, sizeof in4);
        return public4(ntohl(in4.sin_addr.s_addr));
    case AF_INET6:
        memcpy(&in6, address, sizeof in6);
        return public6(in6.sin6_addr.s6_addr);
    default:
        return false;
    }
}

void address_text(const struct sockaddr *address, char *out, size_t size)
{
    const void *ip = address->sa_family == AF_INET    ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                     : address->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                      : NULL;
    if (!ip || !inet_ntop(address->sa_family, ip, out, (socklen_t)size))
        snprintf(out, size, "?");
}
