// What the baselines share: a fork-join of a few threads, and the least time of a call.
//
// Every baseline defines `evaluate`, which computes value and gradients of a program of
// Tests/Programs the way a careful C programmer would write it down.

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

// Baselines that share their loops among threads define it as 1 before they include this file.
#ifndef IS_PARALLEL
#define IS_PARALLEL 0
#endif

enum { maximum_threads = 64 };

// Computes results from arguments, in the order of the program's; defined by each baseline.
static void evaluate(const void *const *arguments, void *const *results);

// A part of a loop: items `begin` to `end`, and the number of the part.
typedef void (*part_function)(void *context, int part, long begin, long end);

static struct {
  int threads;
  atomic_int generation;
  atomic_int running;
  part_function body;
  void *context;
  long count;
} team = {.threads = 1};

static void run_part(int part) {
  long begin = team.count * part / team.threads;
  long end = team.count * (part + 1) / team.threads;
  team.body(team.context, part, begin, end);
}

// Spins, and lets others run where it takes long.
static void pause_briefly(long tries) {
  if (tries > 10000) sched_yield();
}

// Waits for work until there is none left to come, which a null body says.
static void *work(void *argument) {
  int part = (int)(intptr_t)argument;
  for (int seen = 0;;) {
    int generation;
    for (long tries = 0; (generation = atomic_load(&team.generation)) == seen; tries++)
      pause_briefly(tries);
    seen = generation;
    if (team.body) run_part(part);
    int is_last = !team.body;
    atomic_fetch_sub(&team.running, 1);
    if (is_last) return 0;
  }
}

// Runs a loop's parts on all threads and returns when they are done.
__attribute__((unused)) static void in_parallel(part_function body, void *context, long count) {
  team.body = body;
  team.context = context;
  team.count = count;
  atomic_store(&team.running, team.threads - 1);
  atomic_fetch_add(&team.generation, 1);
  if (body) run_part(0);
  for (long tries = 0; atomic_load(&team.running) > 0; tries++) pause_briefly(tries);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// The least seconds of a call, in batches of at least twenty microseconds.
double least_seconds(
    const void *const *arguments, void *const *results, double seconds, int threads) {
  pthread_t workers[maximum_threads];
  int wanted = !IS_PARALLEL ? 1 : threads < maximum_threads ? threads : maximum_threads;
  atomic_store(&team.generation, 0);
  team.threads = 1;
  while (team.threads < wanted &&
         !pthread_create(&workers[team.threads], 0, work, (void *)(intptr_t)team.threads))
    team.threads++;
  double start = now();
  evaluate(arguments, results);
  long batch = (long)(20e-6 / (now() - start + 1e-9)) + 1;
  double least = 1e30;
  for (double end = now() + seconds; now() < end;) {
    start = now();
    for (long i = 0; i < batch; i++) evaluate(arguments, results);
    double time = (now() - start) / (double)batch;
    if (time < least) least = time;
    if (time * (double)batch < 10e-6) batch *= 2;
  }
  in_parallel(0, 0, 0);
  for (int i = 1; i < team.threads; i++) pthread_join(workers[i], 0);
  return least;
}
