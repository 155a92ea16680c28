/* The web application, embedded at build time from web/dist; empty when that was missing. */
#pragma once
#include "http/http.h"

extern const struct http_file web_files[];
extern const size_t web_files_n;
