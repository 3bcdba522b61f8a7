/* How a guest moves: daemon/host/migrate_{out,in,end}.cpp, and what QEMU does by itself.

   Two lodged, each dies between any two steps; clients make any call at any time with what they have been told, and die; the line breaks,
   and what has arrived then may be all of it. Checked over all orders of that, for one migration after another:

     - the guest never runs at both hosts;
     - once it has run at the target it never runs at the source again, where it would go back in time;
     - as long as no hypervisor dies, there is a host that has it;
     - wherever everybody stops, there are calls left by which it runs again, at one of them (no state is a dead end).

   A mutant (-DMUTANT=…) leaves one rule out, and has to be caught: tests/model/check. */

#ifndef MUTANT
#define MUTANT 0
#endif
#define HANDED_OVER_EARLY 1    /* written before QEMU has said "completed" */
#define KEY_BEFORE_WRITE 2     /* given out as soon as QEMU has said so */
#define PROOF_BEFORE_END 3     /* the target proves that it gives up, and does so later */
#define ARRIVAL_FORGOTTEN 4    /* whether it runs there is all that keeps the target from proving that it gave up */
#define RUN_BEFORE_WRITE 5     /* the target lets it run, and writes that down afterwards */
#define RESUMED_AT_START 6     /* a source that dies and comes back lets a guest that it finds paused go on */
#define PROOF_LOST 7           /* given only by a target that still expects the guest */

#define MIGRATIONS 2
#define DEATHS 2

mtype = { none, sending, handed_over, committed, arrived };   /* what the stores say */
mtype = { idle, written, sent, staying, dropping, ending, forgetting };  /* what the source's daemon is doing */
mtype = { gone, runs, streams, stopped, listens, received };   /* what a QEMU is doing */
mtype = { nothing, expecting, letting_run, noting };          /* what the target's daemon is doing */

mtype row = none;              /* the source's, durable, */
byte  which = 0;               /* and of which migration */
mtype at = idle;
mtype here = runs;             /* the source's QEMU */
bool  source_up = true;

mtype there_row[MIGRATIONS] = none;   /* the target's, durable, */
bool  kept[MIGRATIONS];               /* and whether it has a run that was written down as begun */
mtype doing[MIGRATIONS] = nothing;
mtype there[MIGRATIONS] = gone;       /* the target's QEMUs */
bool  target_up = true;

/* What clients have been told. */
bool  known[MIGRATIONS], key[MIGRATIONS], proof[MIGRATIONS], finished[MIGRATIONS], confirmed[MIGRATIONS];
bool  used[MIGRATIONS];               /* an offer is good for one migration */
bool  ran_there = false, ended_there = false;
byte  begun = 0, deaths = 0;

#define runs_there (there[0] == runs || there[1] == runs)
/* A host that has the guest: the source, or a target that may run it by what is written. */
#define somebody_has_it (here != gone || ended_there || kept[0] || kept[1])
#define check assert(!(here == runs && runs_there)); assert(!(ran_there && (here == runs || here == streams))); assert(somebody_has_it)
#define settled (row == none && at == idle && doing[0] == nothing && doing[1] == nothing && (here == runs || runs_there || ended_there))

inline give_up(i) { doing[i] = nothing; there[i] = gone }

/* What a source's daemon finds when it comes back, and a target's. */
inline find_again() {
  source_up = true;
  if
  :: row == sending || MUTANT == RESUMED_AT_START && row == handed_over -> at = staying
  :: else
  fi
}
inline find_again_there(i) {
  if
  :: !kept[i] && there[i] != gone -> there[i] = gone   /* a start that was not written down */
  :: there_row[i] == committed && there[i] == runs -> doing[i] = noting
  :: there_row[i] == committed && there[i] != runs -> doing[i] = letting_run
  :: else
  fi
}

#define S source_up
#define T target_up

/* A client performs a migration that has been prepared. */
#define PERFORM(m) \
  :: atomic { S && at == idle && row == none && here == runs && known[m] && !used[m] -> \
       used[m] = true; which = m; row = sending; at = written; check }

/* What the target's daemon does about migration m. */
#define TARGET(m) \
  :: atomic { T && m == begun && here == runs -> begun++; there[m] = listens; doing[m] = expecting; known[m] = true; check } \
  :: atomic { T && doing[m] == expecting && there[m] == received && key[m] -> \
       if \
       :: MUTANT == RUN_BEFORE_WRITE -> there[m] = runs; ran_there = true; doing[m] = noting \
       :: else -> there_row[m] = committed; kept[m] = true; doing[m] = letting_run \
       fi; check } \
  :: atomic { T && doing[m] == letting_run -> there[m] = runs; ran_there = true; doing[m] = noting; check } \
  :: atomic { T && doing[m] == noting -> there_row[m] = arrived; kept[m] = true; doing[m] = nothing; check } \
  :: atomic { T && there_row[m] == arrived && !finished[m] -> finished[m] = true; check } \
  /* nobody goes on with it, or its hypervisor has seen the line close */ \
  :: atomic { T && doing[m] == expecting -> give_up(m); check } \
  :: atomic { T && known[m] && !proof[m] && doing[m] != letting_run && doing[m] != noting && (MUTANT != PROOF_LOST || doing[m] == expecting) && \
       (there_row[m] == none || MUTANT == ARRIVAL_FORGOTTEN && there[m] != runs) -> \
       proof[m] = true; \
       if :: doing[m] == expecting && MUTANT != PROOF_BEFORE_END -> give_up(m) :: else fi; check } \
  :: atomic { T && there_row[m] == arrived && confirmed[m] -> there_row[m] = none; check } \
  /* its user ends it there, before the source has been told */ \
  :: atomic { there[m] == runs && doing[m] == nothing && there_row[m] == arrived -> there[m] = gone; kept[m] = false; ended_there = true; check }

active proctype world() {
  do
  /* --- the source --- */
  PERFORM(0)
  PERFORM(1)
  :: atomic { S && at == written -> if :: there[which] == listens -> here = streams :: else fi; at = sent; check }
  :: atomic { S && at == sent && (here == stopped || MUTANT == HANDED_OVER_EARLY && here == streams) ->
       row = handed_over; at = idle; check }
  /* it failed, was cancelled, or took too long */
  :: atomic { S && (at == written || at == sent) -> at = staying; check }
  :: atomic { S && at == staying ->
       if
       :: here == streams -> here = runs
       :: here == stopped -> here = runs
       :: else
       fi;
       at = dropping; check }
  :: atomic { S && at == dropping -> row = none; at = idle; check }
  :: atomic { S && row == handed_over && at == idle && !key[which] -> key[which] = true; check }
  :: atomic { MUTANT == KEY_BEFORE_WRITE && S && at == sent && here == stopped && !key[which] -> key[which] = true; check }
  :: atomic { S && row == handed_over && at == idle && proof[which] -> row = sending; at = staying; check }
  :: atomic { S && row == handed_over && at == idle && finished[which] -> at = ending; check }
  :: atomic { S && at == ending -> here = gone; at = forgetting; check }
  :: atomic { S && at == forgetting -> row = none; confirmed[which] = true; at = idle; check }

  /* --- the target --- */
  TARGET(0)
  TARGET(1)

  /* --- the hypervisors, and the line between them --- */
  :: atomic { here == streams && there[which] == listens -> there[which] = received; here = stopped; check }
  /* the line breaks, maybe just when all has arrived: it goes on here by itself */
  :: atomic { here == streams -> here = runs; check }
  :: atomic { here == streams && there[which] == listens -> there[which] = received; here = runs; check }

  /* --- deaths --- */
  :: atomic { S && deaths < DEATHS -> deaths++; source_up = false; at = idle; check }
  :: atomic { T && deaths < DEATHS -> deaths++; target_up = false; doing[0] = nothing; doing[1] = nothing; check }
  :: atomic { !S -> find_again(); check }
  :: atomic { !T -> target_up = true; find_again_there(0); find_again_there(1); check }

  :: S && T && settled -> break
  od
}
