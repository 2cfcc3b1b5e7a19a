const named = 1;
export { named as default }; // refused
