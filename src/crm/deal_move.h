/* The rules of a deal that moves or closes; parts of the hooks of deals. */
#pragma once
#include "crm/gates.h"

/* A step back has a reason, and a reason goes along with a move only. m NULL: it stays where it is. Errors:
 * reason_required, move_reason_alone (field move_reason). */
MUST_USE enum rc move_reason_rules(const struct change *ch, const struct move *m, const struct record *was,
                                   const struct record *will, struct err *e);
/* A lost deal has a reason of its funnel's list and what that wants; others have none. Errors: loss_reason_required,
 * loss_reason_of_other_funnel, loss_reason_by_timer, competitor_required, not_lost. */
MUST_USE enum rc loss_rules(struct change *ch, const struct record *was, struct record *will, struct err *e);
/* Every gate on the way is met, or set aside by the change's override. Undo alone is free of them. Errors: gates_unmet
 * (field stage_id; deal_class_id when it stays where it is), with what is missing. */
MUST_USE enum rc gates_rules(struct change *ch, struct move *m, struct record *will, struct err *e);
/* What a stage has asked stays: a field that gates of the stages behind a deal or of its own ask is not emptied, a tick
 * not taken away. m: its move, NULL when it stays. Undo, merged fields and overrides go as with gates_rules. Errors:
 * gate_keeps (of the field). */
MUST_USE enum rc gates_keep(struct change *ch, const struct move *m, const struct record *was, struct record *will,
                            struct err *e);
/* The same of a file or a line of products that is about to be deleted, or of a file that becomes another artefact.
 * `line`: a line. There is no override of it. Errors: gate_keeps_part (id). */
MUST_USE enum rc gates_keep_hanging(struct change *ch, int64_t deal_id, int64_t id, bool line, struct err *e);
/* Items newly ticked are gates of kind check of the deal's funnel, or of the one it is just leaving. Errors:
 * check_of_other_funnel. */
MUST_USE enum rc check_ids_rules(struct change *ch, const struct record *was, const struct record *will, struct err *e);
/* After a step back: what was reached on the stages behind which the deal has gone is to be reached again. */
MUST_USE enum rc goals_take_back(struct change *ch, const struct record *was, const struct record *is, struct err *e);
