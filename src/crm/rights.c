#include "crm/rights.h"

bool rights_can(const struct rights *r, enum can what)
{
    return !r || r->everything || (r->can & what);
}
