"""Where the networks come from: conversion, generators, training. No door runs any of it."""
