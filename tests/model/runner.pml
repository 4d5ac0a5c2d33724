/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of the migration runner (cli/migrate): lock, heartbeat, take-over, tracking rows,
 * send, lost answer, resume, repair. One migration of one INSERT, two processes that each run
 * `up`, and `repair` where a person has to say what happened, and `up` again.
 *
 * Any step may be followed by any step of another process, so each process is stopped for any time
 * at any step; its heartbeat may fail for any time; it may be killed (KILLS); requests and answers
 * of the INSERT get lost. Time passes in ticks of 15 s, at any moment: see STALE, YOUNG, LEASE.
 * Steps are named like the functions that do them.
 *
 *   P1  the INSERT takes effect at most once. A person says redo only where it had no effect when
 *       repair began, and no run held the lock; where another has gone on since, it is refused
 *   P2  nothing is accepted from a run that was overtaken
 *   P3  a run that ends well leaves the file applied
 *
 *   -DNO_FENCE    lc_lock_pass is not asked           P1 and P2 break
 *   -DANY_BEAT    a beat counts that came after the look at the lock: P2 breaks
 *   -DNO_SESSION  the server refuses nothing late     P2 breaks: see docs/design.md
 *   -DNO_SEQ      repair looks at nothing         P1 breaks: a redo of what was, after another's
 *   -DP1_ALONE    P2 is not looked at
 *   -DTICKS=n -DRUNS=n -DKILLS=n          the bound
 */
#ifndef TICKS
#define TICKS 4
#endif
#ifndef RUNS
#define RUNS 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define NUMBERS 3 /* of lock tables */
#define STALE 4 /* 60 s without a beat: may be taken over */
#define YOUNG 2 /* half of it: what the fence lets through */
#define LEASE 1 /* of a session, in ticks; one more for a server that is late to end it */

mtype = { PENDING, OPEN, DONE, APPLIED };  /* the fold of the tracking rows */
mtype = { NONE, GOT, LOST };               /* the INSERT's answer */

/* The server. */
byte owner[NUMBERS + 1]; /* of the lock table <tracking>_lock_<n>: the process, 0 where it is not there */
byte beat_age[NUMBERS + 1];
mtype state = PENDING;
byte seq;      /* of the last tracking row */
byte effects;  /* of the INSERT */
byte running;  /* whose INSERT is in work; 0: none */
mtype answer[3];

/* What the processes know, or have. */
byte local_age[3];   /* since the last beat that arrived was sent, by CLOCK_BOOTTIME */
byte seen_age[3];    /* of the beat behind which the lock was seen to be ours */
bit look_age[3];     /* a tick has passed since the last look at the lock was begun */
byte session_age[3]; /* since the session was opened, or used last */
bit opened_age[3];   /* a tick has passed since it was opened, or there is none */
byte kills = KILLS;
bool killed[3];

/* Who was the last to take the lock; of no step's business. */
byte holder;

#ifdef P1_ALONE
#define P2 true
#else
#define P2 (holder == me)
#endif
#define NOBODY (owner[1] == 0 && owner[2] == 0 && owner[3] == 0)
#define AGE(x) x = (x < STALE -> x + 1 : STALE)
#define MAY_DIE if :: kills > 0 -> kills--; killed[me] = true; goto dead :: true fi

proctype time()
{
    byte n, ticks;

    do
    :: ticks < TICKS ->
        d_step {
            ticks++;
            n = 1;
            do
            :: n <= NUMBERS -> AGE(beat_age[n]); n++
            :: else -> break
            od;
            AGE(local_age[1]); AGE(local_age[2]);
            AGE(seen_age[1]); AGE(seen_age[2]);
            look_age[1] = 1; look_age[2] = 1;
            AGE(session_age[1]); AGE(session_age[2]);
            opened_age[1] = 1; opened_age[2] = 1;
            n = 0
        }
    :: ticks == TICKS -> break
    od
}

/* It executes what it has accepted, sooner or later; its answer may get lost. */
proctype server()
{
end:
    do
    :: running != 0 ->
        if
        :: atomic { effects++; assert(effects <= 1) /* P1 */; answer[running] = GOT; running = 0 }
        :: atomic { effects++; assert(effects <= 1) /* P1 */; answer[running] = LOST; running = 0 }
        fi
    od
}

/* beat_thread: arrives, or does not. */
proctype beats(byte me)
{
    byte n;

end:
    do
    :: atomic {
           !killed[me] && local_age[me] > 0 && (owner[1] == me || owner[2] == me || owner[3] == me) ->
           n = (owner[1] == me -> 1 : (owner[2] == me -> 2 : 3));
           beat_age[n] = 0;
           local_age[me] = 0;
           n = 0
       }
    od
}

/* Is there a higher number; is another one live? */
inline look(me_n)
{
    i = 1; higher = false; others_live = false;
    do
    :: i > NUMBERS -> break
    :: i <= NUMBERS ->
        if
        :: owner[i] != 0 && i != me_n ->
            higher = higher || i > me_n;
            others_live = others_live || beat_age[i] < STALE
        :: else
        fi;
        i++
    od
}

/* take, try_number, standing, drop_lower: taken where n is not 0. */
inline lc_lock_take()
{
    d_step { /* lc_lock_read */
        look(0);
        n = NUMBERS;
        do
        :: n > 0 && owner[n] == 0 -> n--
        :: else -> break
        od
    }
    if
    :: others_live || n == NUMBERS -> n = 0
    :: else -> n++
    fi;
    if
    :: n != 0 ->
        atomic { /* lc_lock_create: 57 for all but one */
            if
            :: owner[n] == 0 -> owner[n] = me; beat_age[n] = 0; local_age[me] = 0
            :: else -> n = 0
            fi
        }
    :: else
    fi;
    if
    :: n != 0 ->
        atomic { /* standing: look again */
            look(n);
            if
            :: owner[n] == me && !higher && !others_live ->
                holder = me;
                seen_age[me] = local_age[me];
                look_age[me] = 0;
                opened_age[me] = 1 /* no session */
            :: owner[n] == me && (higher || others_live) -> owner[n] = 0; n = 0
            :: else -> n = 0
            fi
        }
    :: else
    fi;
    if
    :: n != 0 ->
        d_step { /* drop_lower */
            i = 1;
            do
            :: i < n -> owner[i] = 0; i++
            :: else -> break
            od
        }
    :: else
    fi
}

inline open_session()
{
    d_step { session_age[me] = 0; opened_age[me] = 0 }
}

/* pass: the lock is ours, and was heard of lately. */
inline lc_lock_pass()
{
#ifdef NO_FENCE
    pass = true;
    open_session()
#else
    if
    :: seen_age[me] < YOUNG && look_age[me] == 0 -> /* just_seen: a second is less than a tick */
        if
        :: opened_age[me] == 0 /* the session serves for less than a tick */
        :: open_session()      /* there is none any more: what it had served may have left traces in it */
        fi;
        pass = seen_age[me] < YOUNG /* on_fresh */
    :: else -> ask()
    fi
#endif
}

/* pass_locked, where it has not looked just now. */
inline ask()
{
    if
    :: local_age[me] >= YOUNG ->
        atomic { /* beat_patiently */
            if
            :: owner[n] == me -> beat_age[n] = 0; local_age[me] = 0
            :: else
            fi
        }
    :: else
    fi;
#ifdef ANY_BEAT
    d_step { look(n); pass = owner[n] == me && !higher }; /* check */
    open_session();
    pass = pass && local_age[me] < YOUNG                  /* on_fresh, by any beat */
#else
    d_step { seen_age[me] = local_age[me]; look_age[me] = 0 };
    open_session(); /* by the look itself */
    d_step { look(n); pass = owner[n] == me && !higher }; /* check */
    pass = pass && seen_age[me] < YOUNG                   /* on_fresh */
#endif
}

/* The statement arrives. P2; what comes after its session has ended is refused (372). */
inline accept()
{
#if !defined(NO_SESSION) && !defined(NO_FENCE)
    if
    :: session_age[me] > LEASE + 1 -> pass = false
    :: else
    fi;
#endif
    if :: pass -> session_age[me] = 0 /* it was used */ :: else fi;
    assert(!pass || P2)
}

inline lc_tracking_write(what)
{
    lc_lock_pass();
    if
    :: pass -> MAY_DIE; atomic { accept(); if :: pass -> state = what; seq++ :: else fi }
    :: else
    fi
}

/* lc_submit_run: the INSERT, once. */
inline send_once()
{
    lc_lock_pass();
    if
    :: pass ->
        MAY_DIE;
        if
        :: atomic { accept(); if :: pass -> answer[me] = NONE; running = me :: else fi }
        :: answer[me] = LOST /* on its way */
        fi
    :: else
    fi
}

/* Only where it is still ours. */
inline lc_lock_free()
{
    lc_lock_pass();
    if
    :: pass -> MAY_DIE; atomic { accept(); if :: pass -> owner[n] = 0; holder = 0 :: else fi }
    :: else
    fi
}

proctype runner(byte me)
{
    byte n, i, runs, seen_seq;
    bool pass, higher, others_live, unknown, redo;

again:
    if
    :: runs == RUNS -> goto dead
    :: runs < RUNS -> runs++
    fi;
    unknown = false;
    lc_lock_take();
    if
    :: n == 0 -> goto again /* 5: locked */
    :: else
    fi;
    MAY_DIE;
    if /* lc_tracking_load */
    :: state == APPLIED -> goto well
    :: state == OPEN -> /* lc_submit_settle: lc_settle_wait, then nobody can tell */
        running == 0;
        unknown = true;
        goto unlock
    :: state == DONE -> goto done
    :: state == PENDING
    fi;
    lc_tracking_write(OPEN); /* stmt_started */
    if :: !pass -> goto overtaken :: else fi;
    answer[me] = NONE;
    send_once();
    if :: !pass -> goto overtaken :: else fi;
    answer[me] != NONE;
    if
    :: answer[me] == LOST -> /* settle_lost: wait_while_running, refuse_unknown */
        running == 0;
        unknown = true;
        goto unlock
    :: else
    fi;
done:
    MAY_DIE;
    lc_tracking_write(APPLIED); /* stmt_done, applied */
    if :: !pass -> goto overtaken :: else fi;
well:
    assert(state == APPLIED); /* P3 */
unlock:
    lc_lock_free();
    if :: unknown -> goto person :: else -> goto again fi;
overtaken: /* 5: it touches nothing */
    goto again;

/* 7: a person looks at what the INSERT did, and says it: livecol repair --done, --redo. */
person:
    running == 0;
#ifdef NO_SEQ
    redo = effects == 0;
#else
    /* look_for_unfinished, refuse_running. What changes between the person's look and this one is the person's. */
    atomic {
        if
        :: running == 0 && NOBODY -> redo = effects == 0; seen_seq = seq
        :: else -> goto again
        fi
    };
#endif
    lc_lock_take();
    if
    :: n == 0 -> goto again
    :: else
    fi;
    if
#ifdef NO_SEQ
    :: state == OPEN ->
#else
    :: state == OPEN && seq == seen_seq ->
#endif
        if
        :: redo -> lc_tracking_write(PENDING)
        :: else -> lc_tracking_write(DONE)
        fi
    :: else -> pass = true
    fi;
    if :: !pass -> goto overtaken :: else fi;
    lc_lock_free();
    goto again;
dead:
    skip
}

init {
    atomic { run time(); run server(); run beats(1); run beats(2); run runner(1); run runner(2) }
}
