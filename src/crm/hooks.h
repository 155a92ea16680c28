/* The rules of each noun: what `before`, `after` and `verb` of its row in the entity table are. See schema.h. */
#pragma once
#include "crm/engine.h"

#define HOOK_BEFORE(noun)                                                                                              \
    enum rc noun##_before(struct change *ch, const struct record *was, struct record *will, struct err *e)
#define HOOK_AFTER(noun)                                                                                               \
    enum rc noun##_after(struct change *ch, const struct record *was, const struct record *is, struct err *e)

HOOK_BEFORE(funnel);
HOOK_AFTER(funnel);
HOOK_BEFORE(stage);
HOOK_AFTER(stage);
HOOK_BEFORE(deal);
HOOK_AFTER(deal);
enum verb deal_verb(const struct record *was, const struct record *is);
HOOK_BEFORE(contact);
HOOK_BEFORE(company);
HOOK_BEFORE(contact_point);
HOOK_BEFORE(task);
HOOK_AFTER(task);
enum verb task_verb(const struct record *was, const struct record *is);
HOOK_BEFORE(note);
HOOK_AFTER(note);
HOOK_BEFORE(product);
HOOK_BEFORE(deal_product);
HOOK_AFTER(deal_product);
HOOK_BEFORE(buyer);
HOOK_AFTER(buyer);
HOOK_BEFORE(classifier);
HOOK_BEFORE(competitor_offer);
HOOK_BEFORE(involvement);
HOOK_BEFORE(review);
HOOK_AFTER(review);
HOOK_BEFORE(review_item);
HOOK_BEFORE(goal);
HOOK_BEFORE(trigger);
HOOK_BEFORE(source);
HOOK_BEFORE(campaign);
HOOK_BEFORE(loss_reason);
HOOK_BEFORE(deal_class);
HOOK_BEFORE(user);
HOOK_AFTER(user);
HOOK_BEFORE(view);
HOOK_BEFORE(webhook);
HOOK_AFTER(webhook);
HOOK_BEFORE(custom_field);
HOOK_AFTER(custom_field);
HOOK_BEFORE(field_option);
HOOK_BEFORE(layout);
HOOK_BEFORE(file);
HOOK_BEFORE(gate);
HOOK_AFTER(gate);

HOOK_BEFORE(wait);
HOOK_AFTER(wait);
HOOK_BEFORE(team);
HOOK_BEFORE(role);
HOOK_BEFORE(deal_member);
HOOK_BEFORE(dashboard);
HOOK_BEFORE(pay_scheme);
HOOK_BEFORE(subscription);
HOOK_BEFORE(kpi);
HOOK_BEFORE(touch);
HOOK_BEFORE(ad_cost);
HOOK_BEFORE(funnel_draft);
HOOK_BEFORE(regulation_read);
MUST_USE enum rc user_role_rules(struct change *ch, const struct record *was, struct record *will, struct err *e);
/* Before the fields of `in` come into `will`: a new owner has a reason of their own, or none; so does a move. */
void owner_reason_clear(const struct record *was, const struct record *in, struct record *will);
/* After them: whose owner is the one that `in` names already keeps the reason it has, so that a hand-over of many
 * passes over those in the right hands. */
void owner_reason_leave(const struct record *was, const struct record *in, struct record *will);
/* A client goes from one hand to another with a reason, when a person sends it: of a table, a merge and a hand-over it
 * says which of them it was. Errors: owner_reason_required, reason_too_short (owner_reason). */
MUST_USE enum rc client_handed(struct change *ch, const struct record *was, struct record *will, int owner, int reason,
                               struct err *e);
/* owner_reason goes along with a change of owner_id only. */
MUST_USE enum rc owner_reason_rules(const struct record *was, struct record *will, int owner, int reason,
                                    struct err *e);

#define HOOKS_funnel funnel_before, funnel_after, NULL
#define HOOKS_stage stage_before, stage_after, NULL
#define HOOKS_deal deal_before, deal_after, deal_verb
#define HOOKS_contact contact_before, NULL, NULL
#define HOOKS_company company_before, NULL, NULL
#define HOOKS_task task_before, task_after, task_verb
#define HOOKS_note note_before, note_after, NULL
#define HOOKS_product product_before, NULL, NULL
#define HOOKS_deal_product deal_product_before, deal_product_after, NULL
#define HOOKS_tag NULL, NULL, NULL
#define HOOKS_source source_before, NULL, NULL
#define HOOKS_campaign campaign_before, NULL, NULL
#define HOOKS_loss_reason loss_reason_before, NULL, NULL
#define HOOKS_deal_class deal_class_before, NULL, NULL
#define HOOKS_user user_before, user_after, NULL
#define HOOKS_webhook webhook_before, webhook_after, NULL
#define HOOKS_team team_before, NULL, NULL
#define HOOKS_role role_before, NULL, NULL
#define HOOKS_deal_member deal_member_before, NULL, NULL
#define HOOKS_custom_field custom_field_before, custom_field_after, NULL
#define HOOKS_field_option field_option_before, NULL, NULL
#define HOOKS_layout layout_before, NULL, NULL
#define HOOKS_view view_before, NULL, NULL
#define HOOKS_contact_point contact_point_before, NULL, NULL
#define HOOKS_file file_before, NULL, NULL
#define HOOKS_operation NULL, NULL, NULL
#define HOOKS_notification NULL, NULL, NULL
#define HOOKS_gate gate_before, gate_after, NULL
#define HOOKS_goal goal_before, NULL, NULL
#define HOOKS_trigger trigger_before, NULL, NULL
#define HOOKS_buyer buyer_before, buyer_after, NULL
#define HOOKS_classifier classifier_before, NULL, NULL
#define HOOKS_competitor NULL, NULL, NULL
#define HOOKS_competitor_offer competitor_offer_before, NULL, NULL
#define HOOKS_wait wait_before, wait_after, NULL
#define HOOKS_involvement involvement_before, NULL, NULL
#define HOOKS_funnel_draft funnel_draft_before, NULL, NULL
#define HOOKS_regulation_read regulation_read_before, NULL, NULL
#define HOOKS_review review_before, review_after, NULL
#define HOOKS_review_item review_item_before, NULL, NULL
#define HOOKS_dashboard dashboard_before, NULL, NULL
#define HOOKS_subscription subscription_before, NULL, NULL
#define HOOKS_plan NULL, NULL, NULL
#define HOOKS_kpi kpi_before, NULL, NULL
#define HOOKS_pay_scheme pay_scheme_before, NULL, NULL
#define HOOKS_ad_cost ad_cost_before, NULL, NULL
#define HOOKS_currency_rate NULL, NULL, NULL
#define HOOKS_touch touch_before, NULL, NULL
#define HOOKS_programme NULL, NULL, NULL
#define HOOKS_finding NULL, NULL, NULL
