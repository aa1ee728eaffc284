/* log_level.c - which events are written: a setting */
#include "core/conf.h"
#include "core/log.h"

static const char *const levels[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug", NULL
};

static void changed(int64_t level)
{
	log_level_set((enum log_level)level);
}

CONF_KEY(log_level) = {
	.name = "log.level",
	.type = CONF_CHOICE,
	.choices = levels,
	.def = "info",
	.help = "least important events that the log takes",
	.changed = changed,
};
