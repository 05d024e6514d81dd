#pragma once

// Whether tests run without the user's cache of code, so that they do not depend on earlier runs.
int adjoint_tests_are_hermetic(void);
