/* The shapes of what the API takes and answers beside the nouns, whose come from their field tables. */
#include "api/openapi.h"

const struct openapi_shape openapi_shapes[] = {
    {"id", "{\"type\":\"integer\",\"minimum\":1}"},
    {"settings",
     "{\"type\":\"object\",\"properties\":{\"company\":{\"type\":[\"string\",\"null\"]},\"logo_file_id\":{\"type\":["
     "\"integer\",\"null\"]},\"currency\":{\"type\":\"string\"},\"time_zone\":{\"type\":\"string\"},\"calendar\":{"
     "\"type\":[\"object\",\"null\"],\"description\":\"week: 7 days from Monday, null or from, to, break_from, "
     "break_to as "
     "HH:MM; exceptions: on, kind (holiday, short, working), name, the same hours\"}}}"},
    {"calendar",
     "{\"type\":\"object\",\"properties\":{\"country\":{\"type\":\"string\"},\"years\":{\"type\":\"array\"},"
     "\"year\":{\"type\":\"integer\"},\"source\":{\"type\":\"string\"},\"days\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
     "\"kind\":{\"enum\":[\"holiday\",\"short\",\"working\"]}}}}}}"},
    {"system",
     "{\"type\":\"object\",\"description\":\"version, uptime_ms, memory_bytes, writable, writer, database, outbox, "
     "files_bytes, last_backup\"}"},
    {"backup", "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"size\":{\"type\":\"integer\"},"
               "\"made_at\":{\"type\":\"integer\"}}}"},
    {"backups", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":"
                "\"#/components/schemas/backup\"}}}}"},
    {"notices-read",
     "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"ids\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"integer\"}},\"all\":{\"type\":\"boolean\"}}}"},
    {"import-preview",
     "{\"type\":\"object\",\"required\":[\"upload_id\"],\"additionalProperties\":false,\"properties\":{\"upload_id\":{"
     "\"type\":\"string\"},\"object\":{\"type\":\"string\"},\"encoding\":{\"type\":\"string\"},\"delimiter\":{"
     "\"type\":\"string\"},\"sheet\":{\"type\":\"string\"}}}"},
    {"import-columns",
     "{\"type\":\"object\",\"properties\":{\"recognised\":{\"type\":[\"string\",\"null\"]},\"object\":{"
     "\"type\":\"string\"},\"kind\":{\"enum\":[\"csv\",\"xlsx\"]},\"encoding\":{\"type\":[\"string\",\"null\"]},"
     "\"delimiter\":{\"type\":[\"string\",\"null\"]},\"sheets\":{\"type\":\"array\"},\"rows\":{\"type\":\"integer\"},"
     "\"columns\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"match\":{\"type\":\"array\"}}}"},
    {"import",
     "{\"type\":\"object\",\"required\":[\"upload_id\",\"object\",\"columns\"],\"additionalProperties\":false,"
     "\"properties\":{\"upload_id\":{\"type\":\"string\"},\"object\":{\"enum\":[\"deal\",\"contact\",\"company\","
     "\"task\",\"product\"]},\"encoding\":{\"type\":\"string\"},\"delimiter\":{\"type\":\"string\"},\"sheet\":{"
     "\"type\":\"string\"},\"columns\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"match\":{"
     "\"type\":\"array\"},\"on_match\":{\"enum\":[\"update\",\"fill\",\"skip\",\"create\"]},\"on_bad\":{\"enum\":["
     "\"skip\",\"stop\"]},\"funnel_id\":{\"type\":\"integer\"},\"owner_id\":{\"type\":\"integer\"},\"dry_run\":{"
     "\"type\":\"boolean\"},\"create\":{\"type\":\"array\",\"description\":\"nouns that a name which is not there may "
     "become\"}}}"},
    {"bytes", "{\"type\":\"string\",\"format\":\"binary\",\"description\":\"the bytes, or multipart/form-data with one "
              "file\"}"},
    {"upload",
     "{\"type\":\"object\",\"properties\":{\"upload_id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
     "\"size\":{\"type\":\"integer\"}}}"},
    {"login",
     "{\"type\":\"object\",\"required\":[\"email\",\"password\"],\"additionalProperties\":false,\"properties\":{"
     "\"email\":{\"type\":\"string\"},\"password\":{\"type\":\"string\",\"format\":\"password\"},"
     "\"code\":{\"type\":\"string\"}}}"},
    {"session", "{\"type\":\"object\",\"properties\":{\"user\":{\"$ref\":\"#/components/schemas/"
                "user\"},\"csrf\":{\"type\":\"string\"}}}"},
    {"password", "{\"type\":\"object\",\"required\":[\"old\",\"new\"],\"additionalProperties\":false,\"properties\":{"
                 "\"old\":{\"type\":\"string\"},\"new\":{\"type\":\"string\",\"minLength\":8}}}"},
    {"tokens", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/"
               "schemas/token\"}}}}"},
    {"token-new", "{\"type\":\"object\",\"required\":[\"name\"],\"additionalProperties\":false,\"properties\":{"
                  "\"name\":{\"type\":\"string\",\"maxLength\":100},\"scopes\":{\"type\":\"array\",\"items\":{"
                  "\"type\":\"string\"}},\"expires_at\":{\"type\":\"integer\"}}}"},
    {"token",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
     "\"created_at\":{\"type\":\"integer\"},\"expires_at\":{\"type\":[\"integer\",\"null\"]},\"last_seen_at\":{"
     "\"type\":[\"integer\",\"null\"]},\"scopes\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}},"
     "\"token\":{\"type\":\"string\"}}}"},
    {"demo",
     "{\"type\":\"object\",\"required\":[\"demo\"],\"properties\":{\"demo\":{\"type\":\"boolean\"},\"people\":{"
     "\"type\":\"array\","
     "\"items\":{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
     "\"role\":{\"type\":\"string\"}}}}}}"},
    {"demo-login", "{\"type\":\"object\",\"required\":[\"user_id\"],\"additionalProperties\":false,\"properties\":{"
                   "\"user_id\":{\"type\":\"integer\"}}}"},
    {"boot",
     "{\"type\":\"object\",\"description\":\"user, csrf, seq, now, funnels with stages, users, sources, campaigns, "
     "loss_reasons, deal_classes, tags, products, settings, version\"}"},
    {"board",
     "{\"type\":\"object\",\"required\":[\"seq\",\"funnel_id\",\"n\",\"dict\",\"cols\",\"totals\"],\"properties\":{"
     "\"seq\":{\"type\":\"integer\"},\"funnel_id\":{\"type\":\"integer\"},\"n\":{\"type\":\"integer\"},"
     "\"dict\":{\"type\":\"object\",\"description\":\"names that the columns contact and company point into\"},"
     "\"cols\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\"}},"
     "\"totals\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"stage_id\":{\"type\":\"integer\"}"
     ","
     "\"deals\":{\"type\":\"integer\"},\"value_minor\":{\"type\":\"integer\"}}}}}}"},
    {"change",
     "{\"type\":\"object\",\"properties\":{\"seq\":{\"type\":\"integer\"},\"at\":{\"type\":\"integer\"},"
     "\"actor_id\":{\"type\":[\"integer\",\"null\"]},\"via\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\"},"
     "\"object\":{\"type\":\"string\"},\"object_id\":{\"type\":\"integer\"},\"change_id\":{\"type\":\"integer\"},"
     "\"cause\":{\"type\":[\"integer\",\"null\"]},\"undoes\":{\"type\":[\"integer\",\"null\"]},"
     "\"set\":{\"type\":\"object\",\"description\":\"field to [old, new]\"}}}"},
    {"events", "{\"type\":\"string\",\"description\":\"text/event-stream of change, board and reset\"}"},
    {"timeline", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"$ref\":"
                 "\"#/components/schemas/change\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"funnel-definition",
     "{\"type\":\"object\",\"description\":\"docs/funnel.md\",\"properties\":{\"id\":{\"type\":\"integer\"},"
     "\"version\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},\"stages\":{\"type\":\"array\","
     "\"items\":{\"type\":\"object\"}}}}"},
    {"lint", "{\"type\":\"object\",\"required\":[\"definition\"],\"additionalProperties\":false,\"properties\":{"
             "\"definition\":{\"type\":\"object\"}}}"},
    {"findings", "{\"type\":\"object\",\"properties\":{\"findings\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                 "\"properties\":{\"code\":{\"type\":\"string\"},\"level\":{\"enum\":[\"error\",\"warning\",\"hint\"]},"
                 "\"place\":{\"type\":\"object\"},\"text\":{\"type\":\"string\"},\"why\":{\"type\":\"string\"},"
                 "\"fix\":{\"type\":[\"object\",\"null\"]}}}},\"counts\":{\"type\":\"object\"}}}"},
    {"review-page", "{\"type\":\"object\",\"properties\":{\"review_id\":{\"type\":\"integer\"},\"since\":{\"type\":"
                    "\"integer\"},\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"changed\":{\"type\":"
                    "\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"regulation",
     "{\"type\":\"object\",\"properties\":{\"funnel_id\":{\"type\":\"integer\"},\"version\":{\"type\":\"integer\"},"
     "\"stages\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/stage-regulation\"}}}}"},
    {"stage-regulation",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
     "\"automation\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"read\":{\"type\":\"boolean\"},"
     "\"reads\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"restore-version",
     "{\"type\":\"object\",\"required\":[\"version\"],\"additionalProperties\":false,\"properties\":{"
     "\"version\":{\"type\":\"integer\"}}}"},
    {"draft-check",
     "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"problems\":{\"type\":\"array\","
     "\"items\":{\"type\":\"object\"}},\"findings\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"draft-compare",
     "{\"type\":\"object\",\"properties\":{\"changes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
     "\"outdated\":{\"type\":\"boolean\"}}}"},
    {"draft-impact",
     "{\"type\":\"object\",\"properties\":{\"deals\":{\"type\":\"integer\"},\"lack\":{\"type\":\"array\","
     "\"items\":{\"type\":\"object\"}},\"moved\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"funnel-versions",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
     "{"
     "\"version\":{\"type\":\"integer\"},\"at\":{\"type\":\"integer\"},\"actor_id\":{\"type\":\"integer\"},"
     "\"definition\":{\"type\":\"object\"}}}}}}"},
    {"override",
     "{\"type\":\"object\",\"required\":[\"stage_id\",\"reason\"],\"properties\":{\"stage_id\":{"
     "\"type\":\"integer\"},\"reason\":{\"type\":\"string\"}},\"description\":\"and other fields of the deal\"}"},
    {"move",
     "{\"type\":\"object\",\"properties\":{\"allowed\":{\"type\":\"boolean\"},\"back\":{\"type\":\"boolean\"},"
     "\"missing\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"needs\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"string\"}},\"may_override\":{\"type\":\"boolean\"}}}"},
    {"undo", "{\"type\":\"object\",\"required\":[\"change_id\"],\"additionalProperties\":false,\"properties\":{"
             "\"change_id\":{\"type\":\"integer\"}}}"},
    {"next-task", "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\"},"
                  "\"due_at\":{\"type\":\"integer\"}}}"},
    {"queue",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"},"
     "\"description\":\"task, deal, kind (urgent, lead, overdue, today, later, no_date), left_ms\"},\"counts\":{"
     "\"type\":\"object\"},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"task-finish",
     "{\"type\":\"object\",\"required\":[\"result\"],\"additionalProperties\":false,\"properties\":{\"result\":{"
     "\"type\":\"string\",\"maxLength\":4000},\"goal_id\":{\"type\":\"integer\"},\"stage_id\":{\"type\":\"integer\"},"
     "\"deal\":{\"type\":\"object\"},\"next\":{\"type\":[\"object\",\"null\"]},\"defer\":{\"type\":\"object\","
     "\"properties\":{\"until\":{\"type\":\"integer\"},\"wait_id\":{\"type\":\"integer\"}}}}}"},
    {"task-finished",
     "{\"type\":\"object\",\"properties\":{\"task\":{\"type\":\"object\"},\"deal\":{\"type\":[\"object\","
     "\"null\"]},\"next\":{\"type\":[\"object\",\"null\"]},\"run\":{\"type\":[\"object\",\"null\"]}}}"},
    {"task-ask-due", "{\"type\":\"object\",\"required\":[\"due_at\",\"reason\"],\"additionalProperties\":false,"
                     "\"properties\":{\"due_at\":{\"type\":\"integer\"},\"reason\":{\"type\":\"string\"}}}"},
    {"task-answer-due", "{\"type\":\"object\",\"required\":[\"accept\"],\"additionalProperties\":false,\"properties\":{"
                        "\"accept\":{\"type\":\"boolean\"}}}"},
    {"trigger-start", "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"per_hour\":{\"type\":"
                      "\"integer\",\"minimum\":1}}}"},
    {"trigger-undo", "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"from\":{\"type\":"
                     "\"integer\"},\"to\":{\"type\":\"integer\"}}}"},
    {"trigger-waiting", "{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\"},\"items\":{\"type\":"
                        "\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"trigger-try",
     "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"trigger\":{\"type\":\"object\"},\"trigger_"
     "id\":{\"type\":\"integer\"},\"draft_id\":{\"type\":\"integer\"},\"path\":{\"type\":\"string\"},"
     "\"from\":{\"type\":\"integer\"},\"to\":{\"type\":\"integer\"}}}"},
    {"trigger-tried",
     "{\"type\":\"object\",\"properties\":{\"cards\":{\"type\":\"integer\"},\"fires\":{\"type\":\"integer\"},"
     "\"collisions\":{\"type\":\"integer\"},\"won_later\":{\"type\":\"integer\"},\"sampled\":{\"type\":\"boolean\"},"
     "\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"automation",
     "{\"type\":\"object\",\"properties\":{\"tags\":{\"type\":\"object\"},\"runs\":{\"type\":\"integer\"},\"failed\":{"
     "\"type\":\"integer\"},\"patchwork\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"undone",
     "{\"type\":\"object\",\"properties\":{\"change_id\":{\"type\":\"integer\"},\"undone\":{\"type\":\"integer\"},"
     "\"tasks\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"description\":\"made so that no open deal is "
     "without one\"}}}"},
    {"chance", "{\"type\":\"object\",\"properties\":{\"days\":{\"type\":\"integer\"},\"status\":{\"type\":\"string\"},"
               "\"won_rate\":{\"type\":[\"number\",\"null\"]},\"low\":{\"type\":[\"number\",\"null\"]},"
               "\"high\":{\"type\":[\"number\",\"null\"]},\"at_risk\":{\"type\":\"integer\"},"
               "\"by_age\":{\"type\":[\"number\",\"null\"]},\"typed\":{\"type\":[\"number\",\"null\"]},"
               "\"days_in_stage\":{\"type\":[\"number\",\"null\"]},\"age_days\":{\"type\":[\"number\",\"null\"]},"
               "\"learned_at\":{\"type\":[\"integer\",\"null\"]},\"score\":{\"type\":[\"object\",\"null\"]},\"score_"
               "reason\":{\"type\":\"string\"}}}"},
    {"owners", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
               "\"properties\":{\"owner_id\":{\"type\":[\"integer\",\"null\"]},\"from\":{\"type\":\"integer\"},"
               "\"to\":{\"type\":[\"integer\",\"null\"]},\"by\":{\"type\":[\"integer\",\"null\"]},"
               "\"reason\":{\"type\":[\"string\",\"null\"]}}}}}}"},
    {"hand-over", "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"to\"],\"properties\":{\"to\":"
                  "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"objects\":{\"type\":\"array\",\"items\":"
                  "{\"enum\":[\"deals\",\"contacts\",\"companies\",\"tasks\"]}},\"reason\":{\"type\":\"string\"},"
                  "\"deactivate\":{\"type\":\"boolean\"},\"dry_run\":{\"type\":\"boolean\"}}}"},
    {"bulk", "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"filter\":{\"type\":\"string\"},"
             "\"ids\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"set\":{\"type\":\"object\"},"
             "\"add\":{\"type\":\"object\"},\"remove\":{\"type\":\"object\"},\"delete\":{\"type\":\"boolean\"},"
             "\"task\":{\"type\":\"object\"},\"dry_run\":{\"type\":\"boolean\"}}}"},
    {"groups", "{\"type\":\"object\",\"properties\":{\"groups\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
               "\"properties\":{"
               "\"value\":{},\"count\":{\"type\":\"integer\"},\"sums\":{\"type\":\"object\"}}}}}}"},
    {"search", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
               "\"as\":{\"type\":\"string\"}}}"},
    {"operation-report",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
     "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"sessions",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
     "\"properties\":{\"id\":{\"type\":\"integer\"},\"created_at\":{\"type\":\"integer\"},\"last_seen_at\":{"
     "\"type\":\"integer\"},\"address\":{\"type\":[\"string\",\"null\"]},\"agent\":{\"type\":[\"string\",\"null\"]},"
     "\"current\":{\"type\":\"boolean\"}}}}}}"},
    {"sign-ins",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
     "\"properties\":{\"at\":{\"type\":\"integer\"},\"user_id\":{\"type\":[\"integer\",\"null\"]},\"email\":{"
     "\"type\":[\"string\",\"null\"]},\"address\":{\"type\":[\"string\",\"null\"]},\"agent\":{\"type\":["
     "\"string\",\"null\"]},\"how\":{\"type\":\"string\"},\"ok\":{\"type\":\"boolean\"}}}},"
     "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"totp", "{\"type\":\"object\",\"properties\":{\"secret\":{\"type\":\"string\"},\"uri\":{\"type\":\"string\"},"
             "\"qr_svg\":{\"type\":\"string\"}}}"},
    {"code", "{\"type\":\"object\",\"required\":[\"code\"],\"additionalProperties\":false,\"properties\":{\"code\":{"
             "\"type\":\"string\"}}}"},
    {"recovery-codes",
     "{\"type\":\"object\",\"properties\":{\"recovery_codes\":{\"type\":\"array\",\"items\":{\"type\":"
     "\"string\"}}}}"},
    {"password-again",
     "{\"type\":\"object\",\"required\":[\"password\"],\"additionalProperties\":false,\"properties\":{"
     "\"password\":{\"type\":\"string\"}}}"},
    {"invite",
     "{\"type\":\"object\",\"properties\":{\"link\":{\"type\":\"string\"},\"expires_at\":{\"type\":\"integer\"}}}"},
    {"invite-accept", "{\"type\":\"object\",\"required\":[\"token\",\"password\"],\"additionalProperties\":false,"
                      "\"properties\":{\"token\":{\"type\":\"string\"},\"password\":{\"type\":\"string\"},\"name\":{"
                      "\"type\":\"string\"}}}"},
    {"personal-data", "{\"type\":\"object\"}"},
    {"reach", "{\"type\":\"object\",\"required\":[\"goal_id\"],\"properties\":{\"goal_id\":{\"type\":\"integer\"}},"
              "\"description\":\"and fields of the deal\"}"},
    {"reached", "{\"type\":\"object\",\"properties\":{\"deal\":{\"$ref\":\"#/components/schemas/"
                "deal\"},\"run\":{\"type\":[\"object\",\"null\"]}}}"},
    {"runs",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
     "{\"id\":{\"type\":\"integer\"},\"trigger_id\":{\"type\":[\"integer\",\"null\"]},\"goal_id\":{\"type\":["
     "\"integer\",\"null\"]},\"trigger_version\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},\"at\":{"
     "\"type\":\"integer\"},\"object\":{\"type\":\"string\"},\"object_id\":{\"type\":\"integer\"},\"deal_id\":{"
     "\"type\":[\"integer\",\"null\"]},\"state\":{\"type\":\"string\",\"enum\":[\"done\",\"failed\",\"retry\","
     "\"stopped\"]},\"error\":{\"type\":[\"string\",\"null\"]},\"error_code\":{\"type\":\"string\"},\"depth\":{"
     "\"type\":\"integer\"},\"cause\":{\"type\":[\"integer\",\"null\"]},\"change_id\":{\"type\":[\"integer\",\"null\"]}"
     ",\"conditions\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}"
     ",\"value\":{\"type\":[\"string\",\"null\"]},\"met\":{\"type\":\"boolean\"}}}},\"actions\":{\"type\":\"array\","
     "\"items\":{\"type\":\"object\",\"properties\":{\"do\":{\"type\":\"string\"},\"text\":{\"type\":\"string\"},"
     "\"seq\":{\"type\":[\"integer\",\"null\"]}}}}}}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"timers", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
               "\"properties\":{\"trigger_id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},\"due_at\":{"
               "\"type\":\"integer\"},\"text\":{\"type\":\"string\"}}}}}}"},
    {"why-not",
     "{\"type\":\"object\",\"properties\":{\"would\":{\"type\":[\"boolean\",\"null\"]},\"reasons\":{\"type\":\"array\","
     "\"items\":{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\"},\"text\":{\"type\":"
     "\"string\"},\"value\":{\"type\":[\"string\",\"null\"]}}}}}}"},
    {"why", "{\"type\":\"object\",\"properties\":{\"run\":{\"type\":[\"object\",\"null\"]},\"chain\":{\"type\":"
            "\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"seq\":{\"type\":\"integer\"},\"at\":{\"type\":"
            "\"integer\"},\"actor_id\":{\"type\":[\"integer\",\"null\"]},\"run_id\":{\"type\":[\"integer\",\"null\"]},"
            "\"text\":{\"type\":\"string\"}}}}}}"},
    {"catalogue", "{\"type\":\"object\",\"properties\":{\"events\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
                  ",\"actions\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"hook", "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"}}}"},
    {"hook-call",
     "{\"type\":\"object\",\"properties\":{\"deal_id\":{\"type\":\"integer\"},\"phone\":{\"type\":\"string\"},"
     "\"email\":{\"type\":\"string\"}},\"description\":\"the deal, or whose newest open deal\"}"},
    {"hook-answer", "{\"type\":\"object\",\"properties\":{\"ran\":{\"type\":\"boolean\"},\"deal_id\":{\"type\":["
                    "\"integer\",\"null\"]}}}"},
    {"ladder", "{\"type\":\"object\",\"properties\":{\"points\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
               "\"levels\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"total\":{\"type\":\"integer\"},"
               "\"thinned\":{\"type\":\"boolean\"}}}"},
    {"split", "{\"type\":\"object\",\"properties\":{\"parts\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
              "\"properties\":{\"funnel_id\":{\"type\":\"integer\"},\"products\":{\"type\":\"array\"},\"value_minor\":{"
              "\"type\":[\"integer\",\"null\"]}}}}}}"},
    {"split-deals", "{\"type\":\"object\",\"properties\":{\"deal\":{\"type\":\"object\"},\"items\":{\"type\":\"array\","
                    "\"items\":{\"type\":\"object\"}}}}"},
    {"discipline", "{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"object\",\"null\"],\"properties\":{"
                   "\"count\":{\"type\":\"integer\"},\"filter\":{\"type\":[\"string\",\"null\"]}}}}"},
    {"restrict", "{\"type\":\"object\",\"required\":[\"restricted\"],\"additionalProperties\":false,\"properties\":{"
                 "\"restricted\":{\"type\":\"boolean\"},\"reason\":{\"type\":\"string\"}}}"},
    {"erase", "{\"type\":\"object\",\"required\":[\"reason\"],\"additionalProperties\":false,\"properties\":{"
              "\"reason\":{\"type\":\"string\"},\"dry_run\":{\"type\":\"boolean\"}}}"},
    {"duplicates-of", "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":"
                      "\"object\",\"description\":\"the record and why: phone, email, inn, name\"}}}}"},
    {"duplicates",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
     "{"
     "\"why\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"ids\":{\"type\":\"array\",\"items\":{\"type\":"
     "\"integer\"}},\"records\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}},"
     "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}}"},
    {"merge", "{\"type\":\"object\",\"required\":[\"with\"],\"additionalProperties\":false,\"properties\":{"
              "\"with\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"fields\":{\"type\":\"object\","
              "\"additionalProperties\":{\"type\":\"integer\"}},\"dry_run\":{\"type\":\"boolean\"}}}"},
    {"presets",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"preset-applied", "{\"type\":\"object\",\"properties\":{\"funnel_id\":{\"type\":\"integer\"},\"change_id\":{"
                       "\"type\":\"integer\"}}}"},
    {"health", "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"writable\":{\"type\":\"boolean\"},"
               "\"version\":{\"type\":\"string\"},"
               "\"writer\":{\"type\":\"object\",\"properties\":{\"jobs\":{\"type\":\"integer\"},"
               "\"commits\":{\"type\":\"integer\"}}}}}"},
    {"reports",
     "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"question\":{"
     "\"type\":\"string\"},\"params\":{\"type\":\"array\"}}}}"},
    {"report", "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"question\":{\"type\":\"string\"},"
               "\"params\":{\"type\":\"object\"},\"summary\":{\"type\":\"object\"},\"columns\":{\"type\":\"array\"},"
               "\"rows\":{\"type\":\"array\"},\"notes\":{\"type\":\"array\"}}}"},
    {"report-deals",
     "{\"type\":\"object\",\"properties\":{\"total\":{\"type\":\"integer\"},\"noun\":{\"type\":\"string\"},"
     "\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"also\":{\"type\":\"object\",\"properties\":{"
     "\"total\":{\"type\":\"integer\"},\"noun\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"object\"}}}}}}"},
    {"mail",
     "{\"type\":\"object\",\"properties\":{\"host\":{\"type\":[\"string\",\"null\"]},\"port\":{\"type\":\"integer\"},"
     "\"security\":{\"enum\":[\"tls\",\"starttls\",\"none\"]},\"user\":{\"type\":[\"string\",\"null\"]},\"password_"
     "set\":{\"type\":\"boolean\"},\"name\":{\"type\":[\"string\",\"null\"]},\"url\":{\"type\":[\"string\",\"null\"]},"
     "\"waiting\":{\"type\":\"integer\"},\"given_up\":{\"type\":\"integer\"},\"letters\":{\"type\":\"array\",\"items\":"
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"to\":{\"type\":[\"string\",\"null\"]},"
     "\"created_at\":{\"type\":\"integer\"},\"sent_at\":{\"type\":[\"integer\",\"null\"]},\"state\":{\"enum\":["
     "\"waiting\",\"sent\",\"given_up\"]},\"attempts\":{\"type\":\"integer\"},\"error\":{\"type\":[\"string\",\"null\"]"
     "}}}},\"from\":{\"type\":[\"string\",\"null\"]},\"problem\":{\"type\":[\"object\",\"null\"],\"properties\":{"
     "\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},\"letters\":{\"type\":\"integer\"}}}}}"},
    {"mail-settings",
     "{\"type\":\"object\",\"properties\":{\"host\":{\"type\":[\"string\",\"null\"]},\"port\":{\"type\":[\"integer\""
     ",\"null\"]},\"security\":{\"enum\":[\"tls\",\"starttls\",\"none\",null]},\"user\":{\"type\":[\"string\",\"nul"
     "l\"]},\"password\":{\"type\":[\"string\",\"null\"]},\"name\":{\"type\":[\"string\",\"null\"]},\"url\":{\"type\""
     ":[\"string\",\"null\"]},\"from\":{\"type\":[\"string\",\"null\"]}},\"additionalProperties\":false}"},
    {"mail-test",
     "{\"type\":\"object\",\"properties\":{\"to\":{\"type\":[\"string\",\"null\"]}},\"additionalProperties\":false}"},
    {"plan-progress",
     "{\"type\":\"object\",\"properties\":{\"currency\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items"
     "\":{\"type\":\"object\",\"properties\":{\"plan\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":[\"inte"
     "ger\",\"null\"]},\"measure\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"type\":{\"type\":\"string"
     "\"},\"period\":{\"enum\":[\"day\",\"week\",\"month\",\"quarter\",\"year\"]},\"starts_on\":{\"type\":\"string\"}"
     ",\"ends_on\":{\"type\":\"string\"},\"team_id\":{\"type\":[\"integer\",\"null\"]},\"user_id\":{\"type\":[\"int"
     "eger\",\"null\"]},\"funnel_id\":{\"type\":[\"integer\",\"null\"]},\"product_id\":{\"type\":[\"integer\",\"nu"
     "ll\"]},\"parent_id\":{\"type\":[\"integer\",\"null\"]},\"target\":{\"type\":[\"number\",\"null\"]}}},\"actua"
     "l\":{\"type\":[\"number\",\"null\"]},\"elapsed\":{\"type\":[\"number\",\"null\"]},\"expected_by_now\":{\"typ"
     "e\":[\"number\",\"null\"]},\"pace\":{\"type\":[\"number\",\"null\"]},\"forecast\":{\"type\":[\"number\",\"null"
     "\"]},\"missing\":{\"type\":[\"number\",\"null\"]},\"missing_a_day\":{\"type\":[\"number\",\"null\"]},\"why\":"
     "{\"type\":[\"string\",\"null\"],\"enum\":[\"not_begun\",\"nothing_yet\",\"too_few\",\"only_whole\",\"hidden"
     "\",\"no_measure\",null]},\"why_text\":{\"type\":[\"string\",\"null\"]}}}}}}"},
    {"plan-parts",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"propertie"
     "s\":{\"id\":{\"type\":[\"integer\",\"null\"]},\"measure\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"}"
     ",\"type\":{\"type\":\"string\"},\"period\":{\"enum\":[\"day\",\"week\",\"month\",\"quarter\",\"year\"]},\"start"
     "s_on\":{\"type\":\"string\"},\"ends_on\":{\"type\":\"string\"},\"team_id\":{\"type\":[\"integer\",\"null\"]},"
     "\"user_id\":{\"type\":[\"integer\",\"null\"]},\"funnel_id\":{\"type\":[\"integer\",\"null\"]},\"product_id\""
     ":{\"type\":[\"integer\",\"null\"]},\"parent_id\":{\"type\":[\"integer\",\"null\"]},\"target\":{\"type\":[\"nu"
     "mber\",\"null\"]}}}}}}"},
    {"kpi-panel",
     "{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"integer\"},\"currency\":{\"type\":\"string\"},\"day"
     "\":{\"type\":\"object\",\"properties\":{\"starts_on\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"item"
     "s\":{\"type\":\"object\",\"properties\":{\"plan_id\":{\"type\":[\"integer\",\"null\"]},\"measure\":{\"type\":\"s"
     "tring\"},\"title\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"target\":{\"type\":[\"number\",\"null"
     "\"]},\"share\":{\"type\":[\"number\",\"null\"]},\"no_norm\":{\"type\":[\"string\",\"null\"],\"enum\":[\"day_off"
     "\",null]},\"actual\":{\"type\":[\"number\",\"null\"]},\"elapsed\":{\"type\":[\"number\",\"null\"]},\"expected_by"
     "_now\":{\"type\":[\"number\",\"null\"]},\"pace\":{\"type\":[\"number\",\"null\"]},\"forecast\":{\"type\":[\"numb"
     "er\",\"null\"]},\"missing\":{\"type\":[\"number\",\"null\"]},\"missing_a_day\":{\"type\":[\"number\",\"null\"]},"
     "\"why\":{\"type\":[\"string\",\"null\"],\"enum\":[\"not_begun\",\"nothing_yet\",\"too_few\",\"only_whole\",\"hid"
     "den\",\"no_measure\",null]},\"why_text\":{\"type\":[\"string\",\"null\"]}}}}}},\"week\":{\"type\":\"object\",\"p"
     "roperties\":{\"starts_on\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\""
     "properties\":{\"plan_id\":{\"type\":[\"integer\",\"null\"]},\"measure\":{\"type\":\"string\"},\"title\":{\"type"
     "\":\"string\"},\"type\":{\"type\":\"string\"},\"target\":{\"type\":[\"number\",\"null\"]},\"share\":{\"type\":["
     "\"number\",\"null\"]},\"no_norm\":{\"type\":[\"string\",\"null\"],\"enum\":[\"day_off\",null]},\"actual\":{\"typ"
     "e\":[\"number\",\"null\"]},\"elapsed\":{\"type\":[\"number\",\"null\"]},\"expected_by_now\":{\"type\":[\"number"
     "\",\"null\"]},\"pace\":{\"type\":[\"number\",\"null\"]},\"forecast\":{\"type\":[\"number\",\"null\"]},\"missing"
     "\":{\"type\":[\"number\",\"null\"]},\"missing_a_day\":{\"type\":[\"number\",\"null\"]},\"why\":{\"type\":[\"stri"
     "ng\",\"null\"],\"enum\":[\"not_begun\",\"nothing_yet\",\"too_few\",\"only_whole\",\"hidden\",\"no_measure\",null"
     "]},\"why_text\":{\"type\":[\"string\",\"null\"]}}}}}},\"month\":{\"type\":\"object\",\"properties\":{\"starts_on"
     "\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"plan_id"
     "\":{\"type\":[\"integer\",\"null\"]},\"measure\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"type\":"
     "{\"type\":\"string\"},\"target\":{\"type\":[\"number\",\"null\"]},\"share\":{\"type\":[\"number\",\"null\"]},\"n"
     "o_norm\":{\"type\":[\"string\",\"null\"],\"enum\":[\"day_off\",null]},\"actual\":{\"type\":[\"number\",\"null\"]"
     "},\"elapsed\":{\"type\":[\"number\",\"null\"]},\"expected_by_now\":{\"type\":[\"number\",\"null\"]},\"pace\":{\""
     "type\":[\"number\",\"null\"]},\"forecast\":{\"type\":[\"number\",\"null\"]},\"missing\":{\"type\":[\"number\",\""
     "null\"]},\"missing_a_day\":{\"type\":[\"number\",\"null\"]},\"why\":{\"type\":[\"string\",\"null\"],\"enum\":[\""
     "not_begun\",\"nothing_yet\",\"too_few\",\"only_whole\",\"hidden\",\"no_measure\",null]},\"why_text\":{\"type\":["
     "\"string\",\"null\"]}}}}}}}}"},
    {"pay-trial-result",
     "{\"type\":\"object\",\"properties\":{\"currency\":{\"type\":\"string\"},\"items\":{\"type\":\"array\",\"items"
     "\":{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},\"st"
     "arts_on\":{\"type\":\"string\"},\"value\":{\"type\":[\"number\",\"null\"]},\"target\":{\"type\":[\"number\",\""
     "null\"]},\"share\":{\"type\":[\"number\",\"null\"]},\"pay_minor\":{\"type\":[\"number\",\"null\"]}}}}}}"},
    {"plan-parts-wanted", "{\"type\":\"object\",\"required\":[\"plans\"],\"additionalProperties\":false,\"properties\":"
                          "{\"plans\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"plan-parts-made",
     "{\"type\":\"object\",\"properties\":{\"made\":{\"type\":\"integer\"},\"change_id\":{\"type\":\"integer\"}}}"},
    {"measures",
     "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"title\":{\"ty"
     "pe\":\"string\"},\"type\":{\"type\":\"string\"},\"adds\":{\"type\":\"boolean\"}}}}"},
    {"pay-trial", "{\"type\":\"object\",\"required\":[\"scheme\"],\"additionalProperties\":false,\"properties\":{"
                  "\"scheme\":{\"type\":\"object\"},\"periods\":{\"type\":\"integer\"}}}"},
    {"costs-imported", "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"integer\"},\"created\":{\"type\":"
                       "\"integer\"},\"updated\":{\"type\":\"integer\"},\"same\":{\"type\":\"integer\"},\"campaigns_"
                       "created\":{\"type\":\"integer\"},\"change_id\":{\"type\":\"integer\"},\"bad_total\":{\"type\":"
                       "\"integer\"},\"bad\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"},
    {"merge-into", "{\"type\":\"object\",\"required\":[\"into\"],\"additionalProperties\":false,\"properties\":{"
                   "\"into\":{\"type\":\"integer\"},\"keep\":{\"enum\":[\"into\",\"from\"],\"description\":"
                   "\"custom fields: whose value stays where both have one\"}}}"},
    {"usage",
     "{\"type\":\"object\",\"properties\":{\"filled\":{\"type\":\"integer\"},\"records\":{\"type\":\"integer\"},"
     "\"views\":{\"type\":\"array\"},\"layouts\":{\"type\":\"array\"},\"roles\":{\"type\":\"array\"}}}"},
    {"schema", "{\"type\":\"object\",\"properties\":{\"objects\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
               "\"can\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}"},
    {"problem",
     "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"code\",\"detail\",\"errors\"],\"properties\":{"
     "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
     "\"code\":{\"type\":\"string\"},\"field\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},\"errors\":{"
     "\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"field\":{\"type\":\"string\"},"
     "\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"}}}}}}"},
};
const size_t openapi_shapes_n = sizeof openapi_shapes / sizeof *openapi_shapes;
