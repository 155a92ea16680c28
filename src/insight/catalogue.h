/* Every report, in the order of the gallery: report_<id> stands in a file of its own. A new one is a row here, a file,
 * and its texts in i18n/. */
#pragma once
#include "insight/report.h"

#define REPORTS(R)                                                                                                     \
    R(funnel)                                                                                                          \
    R(conversion)                                                                                                      \
    R(cohorts)                                                                                                         \
    R(transitions)                                                                                                     \
    R(golden_path)                                                                                                     \
    R(dwell)                                                                                                           \
    R(cycle)                                                                                                           \
    R(bottleneck)                                                                                                      \
    R(what_if)                                                                                                         \
    R(loss_reasons)                                                                                                    \
    R(timeouts)                                                                                                        \
    R(ageing)                                                                                                          \
    R(entry_practice)                                                                                                  \
    R(discipline)                                                                                                      \
    R(task_discipline)                                                                                                 \
    R(first_response)                                                                                                  \
    R(client_waiting)                                                                                                  \
    R(activity)                                                                                                        \
    R(workload)                                                                                                        \
    R(ladder)                                                                                                          \
    R(development)                                                                                                     \
    R(coverage)                                                                                                        \
    R(competitors)                                                                                                     \
    R(difficult)                                                                                                       \
    R(automation)                                                                                                      \
    R(adoption)                                                                                                        \
    R(reviews)                                                                                                         \
    R(sources)                                                                                                         \
    R(ltv)                                                                                                             \
    R(products)                                                                                                        \
    R(new_existing)                                                                                                    \
    R(win_back)                                                                                                        \
    R(rfm_abc)                                                                                                         \
    R(forecast)                                                                                                        \
    R(unprofitable)                                                                                                    \
    R(calibration)                                                                                                     \
    R(breaks)                                                                                                          \
    R(before_after)                                                                                                    \
    R(plan_fact)

#define REPORT_DECLARE_(id) extern const struct report report_##id;
REPORTS(REPORT_DECLARE_)
#undef REPORT_DECLARE_
