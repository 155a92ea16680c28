/* The files of presets/, built into the program (src/base/embed.c). */
#pragma once
#include <stddef.h>

extern const char preset_client_manager[], preset_it_product[], preset_sales_ladder[], preset_training[];
extern const size_t preset_client_manager_len, preset_it_product_len, preset_sales_ladder_len, preset_training_len;
