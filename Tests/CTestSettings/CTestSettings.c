#include "CTestSettings.h"

#include <stdlib.h>
#include <string.h>

// Runs when the tests are loaded, before anything reads the environment.
__attribute__((constructor)) static void adjoint_switch_cache_off(void) {
  setenv("ADJOINT_CACHE", "off", 1);
}

int adjoint_tests_are_hermetic(void) {
  const char *setting = getenv("ADJOINT_CACHE");
  return setting != NULL && strcmp(setting, "off") == 0;
}
