/* Where a webhook may go: the guard against requests into the company's own network. */
#include "channels/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
/* cmocka wants the above first */
#include <cmocka.h>

static bool is_public(const char *text)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char back[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        address_text((struct sockaddr *)&in4, back, sizeof back);
        assert_string_equal(back, text);
        return address_public((struct sockaddr *)&in4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return address_public((struct sockaddr *)&in6);
}

static void all(const char *const *list, size_t n, bool want)
{
    for (size_t i = 0; i < n; i++)
        if (is_public(list[i]) != want)
            fail_msg("%s is taken for %s", list[i], want ? "private" : "public");
}
#define ALL(list, want) all(list, sizeof(list) / sizeof *(list), want)

static void servers_on_the_internet_are_reached(void **state)
{
    (void)state;
    static const char *const open[] = {
        "1.1.1.1",     "8.8.8.8",         "9.255.255.255", "11.0.0.0",      "77.88.55.88",   "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.0",     "168.63.129.15", "168.63.129.17", "169.253.255.255",
        "169.255.0.0", "172.15.255.255",  "172.32.0.0",    "192.0.1.0",     "192.0.3.0",     "192.167.255.255",
        "192.169.0.0", "198.17.255.255",  "198.20.0.0",    "203.0.112.255", "203.0.114.0",   "223.255.255.255"};
    static const char *const open6[] = {
        "2606:4700:4700::1111", "2a02:6b8::2:242", "2001:4860:4860::8888", "2001:200::1", "::ffff:8.8.8.8",
        "64:ff9b::808:808",     "2003::1",         "3fff:1000::1"};
    ALL(open, true);
    ALL(open6, true);
}

static void machines_inside_the_company_are_refused(void **state)
{
    (void)state;
    static const char *const closed[] = {
        "0.0.0.0",         "0.1.2.3",         "10.0.0.0",        "10.255.255.255", "100.64.0.0",   "100.100.100.200",
        "100.127.255.255", "127.0.0.1",       "127.255.255.255", "168.63.129.16",  "169.254.0.0",  "169.254.169.254",
        "169.254.255.255", "172.16.0.0",      "172.31.255.255",  "192.0.0.192",    "192.0.2.1",    "192.88.99.1",
        "192.168.0.0",     "192.168.255.255", "198.18.0.0",      "198.19.255.255", "198.51.100.7", "203.0.113.7",
        "224.0.0.1",       "239.255.255.255", "240.0.0.1",       "255.255.255.255"};
    static const char *const closed6[] = {"::",
                                          "::1",
                                          "::127.0.0.1",
                                          "::8.8.8.8",
                                          "fe80::1",
                                          "febf::1",
                                          "fec0::1",
                                          "fc00::1",
                                          "fd00:ec2::254",
                                          "fdff::1",
                                          "ff02::1",
                                          "ff0e::1",
                                          "100::1",
                                          "2001::1",
                                          "2001:2::1",
                                          "2001:10::1",
                                          "2001:20::1",
                                          "2001:db8::1",
                                          "2002:7f00:1::1",
                                          "2002:808:808::1",
                                          "3fff::1",
                                          "4000::1",
                                          "64:ff9b:1::808:808",
                                          "5f00::1"};
    ALL(closed, false);
    ALL(closed6, false);
}

static void an_inner_address_in_an_outer_coat_is_refused(void **state)
{
    (void)state;
    static const char *const coats[] = {"::ffff:127.0.0.1",   "::ffff:10.1.2.3",    "::ffff:169.254.169.254",
                                        "::ffff:192.168.0.1", "::ffff:100.64.0.1",  "::ffff:0.0.0.0",
                                        "64:ff9b::7f00:1",    "64:ff9b::a9fe:a9fe", "64:ff9b::c0a8:1"};
    ALL(coats, false);
}

static void sockets_of_the_machine_are_refused(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/some.sock"};
    char text[INET6_ADDRSTRLEN];
    assert_false(address_public((struct sockaddr *)&local));
    address_text((struct sockaddr *)&local, text, sizeof text);
    assert_string_equal(text, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_on_the_internet_are_reached),
        cmocka_unit_test(machines_inside_the_company_are_refused),
        cmocka_unit_test(an_inner_address_in_an_outer_coat_is_refused),
        cmocka_unit_test(sockets_of_the_machine_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
