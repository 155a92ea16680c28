#pragma once
#include "insight/report.h"

extern const struct report report_discipline;
